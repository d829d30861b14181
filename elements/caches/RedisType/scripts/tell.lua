-- KEYS: a crowd.
crowd_tell(KEYS[1], number(), number() == 1)
return { 1 }
