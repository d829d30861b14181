-- KEYS: where to write. Each command that a script uses is used once on each key, so that
-- a server that refuses one of them is not ready.
for _, key in ipairs(KEYS) do
  redis.call('SET', key, '1', 'PX', 1000)
  redis.call('GET', key)
  redis.call('DEL', key)
  redis.call('ZADD', key, now, 'a')
  redis.call('PEXPIRE', key, 1000)
  redis.call('ZCARD', key)
  redis.call('ZSCORE', key, 'a')
  redis.call('ZRANGE', key, 0, 0)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - 1)
  redis.call('ZREM', key, 'a')
end
return { 'ready' }
