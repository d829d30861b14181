-- Undoes a reserve whose caller got an error, before it runs or after. KEYS: the
-- identity's state; except in a Cluster, its shared limits, then the use of its captcha,
-- if there is one. Returns whether it was undone, and the groups that are left.
local request, attempt, holder, budget, id = text(), text(), text(), text(), text()
local cluster, captcha = flag(), flag()
local limits = captcha and #KEYS - 1 or #KEYS

local s = state(KEYS[1])
local r, i = find(s, 'R' .. request)
local left = {}
if r then
  if r.x ~= attempt or r.d ~= OPEN then
    return { 0 }
  end
  undo_reservation(s, r, holder, budget, false)
  left = select(2, end_unverified(s, id, cluster, false))
  table.remove(s.r, i)
  for k = 2, limits do
    redis.call('ZREM', KEYS[k], id)
  end
  if captcha then
    return_captcha(KEYS[#KEYS], attempt)
  end
end
remember_undone(s, attempt)
keep_state(KEYS[1], s)
return with_groups({ 1 }, left)
