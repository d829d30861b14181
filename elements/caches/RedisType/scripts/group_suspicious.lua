-- KEYS: a risk group.
return { group_suspicious(KEYS[1], number(), number(), number()) and 1 or 0 }
