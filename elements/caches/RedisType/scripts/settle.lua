-- KEYS: the identity's state, then its shared limits. The answer ends with the
-- crowds that are to be told apart.
local request, holder, bucket, id = text(), text(), text(), text()
local accepted, near = number() == 1, number() == 1
local max, per = number(), number()

local s = state(KEYS[1])
local r = find(s, 'R' .. request)
if not r or r.c ~= id then
  return { 0 }
end
if r.d ~= 0 then
  return { r.d }
end
local crowds = {}
if accepted then
  r.d = 1
  local h = s.h[holder]
  if h and h.p and h.p.i == id then
    h.l, h.p = h.p, nil
  end
else
  r.d = 2
  undo(s, r, holder, bucket)
  crowds = select(2, unwatch(s, id, near, false))
  for i = 2, #KEYS do
    redis.call('ZREM', KEYS[i], id)
  end
  if max > 0 and per > 0 then
    add(s.f, per)
  end
end
keep_state(KEYS[1], s)
return answer({ r.d }, crowds)
