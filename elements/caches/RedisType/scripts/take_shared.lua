-- KEYS: one shared limit, in a step of its own.
local member, max, per = text(), number(), number()

if max > 0 and redis.call('ZSCORE', KEYS[1], member) then
  return { 0 }
end
local left = shared_wait(KEYS[1], max, per)
if left == 0 then
  shared_add(KEYS[1], max, per, member)
end
return { left }
