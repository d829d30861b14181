-- KEYS: the identity's state, then its shared limits. Returns whether the
-- reservation is rolled back, now or before, and the risk groups left to update.
local request, holder, bucket, id = text(), text(), text(), text()
local near = number() == 1
local max, per = number(), number()

local s = state(KEYS[1])
local r = find(s, 'R' .. request)
if not r or r.c ~= id or r.d == COMMITTED then
  return { 0 }
end
if r.d == ROLLED_BACK then
  return { 1 }
end
r.d = ROLLED_BACK
undo(s, r, holder, bucket)
local crowds = select(2, unwatch(s, id, near, false))
for i = 2, #KEYS do
  redis.call('ZREM', KEYS[i], id)
end
if max > 0 and per > 0 then
  add(s.f, per)
end
keep_state(KEYS[1], s)
return answer({ 1 }, crowds)
