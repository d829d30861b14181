-- KEYS: a risk group. Returns when it counted the send.
count_in_group(KEYS[1], number())
return { now }
