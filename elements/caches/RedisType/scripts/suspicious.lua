-- KEYS: a crowd.
return { crowd_suspicious(KEYS[1], number(), number(), number()) and 1 or 0 }
