-- KEYS: a shared limit. Takes nothing.
return { window_remaining(KEYS[1], number(), number()) }
