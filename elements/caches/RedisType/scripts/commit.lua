-- KEYS: the identity's state.
local request, holder, id = text(), text(), text()

local s = state(KEYS[1])
local r = find(s, 'R' .. request)
if not r or r.c ~= id or r.d ~= OPEN then
  return { 0 }
end
r.d = COMMITTED
local h = s.h[holder]
if h and h.p and h.p.i == id then
  h.l, h.p = h.p, nil
end
keep_state(KEYS[1], s)
return { 1 }
