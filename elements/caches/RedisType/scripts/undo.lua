-- Takes a reservation back whose caller was told that it failed: it is as if it
-- never was, also when it comes only now. KEYS as in settle.
local request, attempt, holder, bucket, id = text(), text(), text(), text(), text()

local s = state(KEYS[1])
local r, i = find(s, 'R' .. request)
if r then
  if r.x ~= attempt or r.d ~= 0 then
    return { 0 }
  end
  undo(s, r, holder, bucket)
  table.remove(s.r, i)
  for k = 2, #KEYS do
    redis.call('ZREM', KEYS[k], id)
  end
end
if not find(s, 'X' .. attempt) then
  remember(s, { k = 'X' .. attempt, v = 0, c = '', x = '', d = 0 })
end
keep_state(KEYS[1], s)
return { 1 }
