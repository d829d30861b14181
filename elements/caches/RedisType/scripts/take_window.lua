-- KEYS: a shared limit.
local member, max, per = text(), number(), number()

if max > 0 and redis.call('ZSCORE', KEYS[1], member) then
  return { 0 }
end
local left = window_remaining(KEYS[1], max, per)
if left == 0 then
  window_add(KEYS[1], max, per, member)
end
return { left }
