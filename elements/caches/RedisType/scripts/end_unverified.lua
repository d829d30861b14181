-- KEYS: a risk group.
end_in_group(KEYS[1], number(), flag())
return { 1 }
