-- KEYS: a shared limit, which is only looked at.
return { shared_wait(KEYS[1], number(), number()) }
