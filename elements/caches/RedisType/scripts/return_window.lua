-- KEYS: a shared limit.
return { redis.call('ZREM', KEYS[1], text()) }
