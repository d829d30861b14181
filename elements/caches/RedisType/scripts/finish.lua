-- KEYS: the idempotency record. An attempt whose request another one took over
-- finishes nothing.
local owner, answered, answer, ttl = text(), flag(), text(), number()

local r = load(KEYS[1])
if not r or r.e <= now or r.o ~= owner then
  return { 0 }
end
if not answered then
  redis.call('DEL', KEYS[1])
  return { 1 }
end
r.a, r.e = answer, now + ttl
keep(KEYS[1], r, r.e)
return { 1 }
