-- KEYS: a proof's mark.
unmark(KEYS[1], text())
return { 1 }
