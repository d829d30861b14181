-- KEYS: the token.
issue(KEYS[1], text(), number())
return { 1 }
