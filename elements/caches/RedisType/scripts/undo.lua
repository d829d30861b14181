-- Takes a reservation back whose caller was told that it failed: it is as if it
-- never was, also when it comes only now. KEYS and answer as in settle, with the
-- proof's mark, where there is one within reach, last.
local request, attempt, holder, bucket, id = text(), text(), text(), text(), text()
local near, marked = number() == 1, number() == 1
local limits = marked and #KEYS - 1 or #KEYS

local s = state(KEYS[1])
local r, i = find(s, 'R' .. request)
local crowds = {}
if r then
  if r.x ~= attempt or r.d ~= 0 then
    return { 0 }
  end
  undo(s, r, holder, bucket)
  crowds = select(2, unwatch(s, id, near, false))
  table.remove(s.r, i)
  for k = 2, limits do
    redis.call('ZREM', KEYS[k], id)
  end
  if marked then
    unmark(KEYS[#KEYS], request)
  end
end
if not find(s, 'X' .. attempt) then
  remember(s, { k = 'X' .. attempt, c = '', x = '', d = 0 })
end
keep_state(KEYS[1], s)
return answer({ 1 }, crowds)
