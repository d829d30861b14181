-- KEYS: a crowd.
crowd_count(KEYS[1], number())
return { now }
