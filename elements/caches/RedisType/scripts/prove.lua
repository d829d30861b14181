-- KEYS: a proof's mark, in a step of its own.
local request, right, keep_for = text(), number() == 1, number()

local verdict = prove(KEYS[1], request, right, keep_for)
if verdict == 'reserved' then
  mark(KEYS[1], request, keep_for)
end
return { verdict }
