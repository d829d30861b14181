-- KEYS: the idempotency record; except in a Cluster, the sender's budget and that of
-- all. An attempt whose request another one took over finishes nothing. Returns whether
-- the answer is new.
local owner, answered, answer, ttl, cost = text(), flag(), text(), number(), number()
local sender_max, sender_per, all_max, all_per = number(), number(), number(), number()

local r = load(KEYS[1])
if not r or r.e <= now or r.o ~= owner then
  return { 0 }
end
if not answered then
  redis.call('DEL', KEYS[1])
  return { 0 }
end
local new = not r.a
if new and cost > 0 and KEYS[2] then
  spend(KEYS[2], sender_max, sender_per, cost, ttl)
  spend(KEYS[3], all_max, all_per, cost, ttl)
end
r.a, r.e = answer, now + ttl
keep(KEYS[1], r, r.e)
return { new and 1 or 0 }
