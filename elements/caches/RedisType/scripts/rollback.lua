-- KEYS: the identity's state; except in a Cluster, its shared limits. Returns whether
-- the reservation is rolled back, now or before, and the groups that are left.
local request, holder, budget, id, cluster = text(), text(), text(), text(), flag()
local max, per, keep_cooldown = number(), number(), flag()

local s = state(KEYS[1])
local r = find(s, 'R' .. request)
if not r or r.c ~= id or r.d == COMMITTED then
  return { 0 }
end
if r.d == ROLLED_BACK then
  return { 1 }
end
r.d = ROLLED_BACK
undo_reservation(s, r, holder, budget, keep_cooldown)
local _, left = end_unverified(s, id, cluster, false)
for i = 2, #KEYS do
  redis.call('ZREM', KEYS[i], id)
end
if max > 0 then
  add_to(s.f, budget, per)
end
keep_state(KEYS[1], s)
return with_groups({ 1 }, left)
