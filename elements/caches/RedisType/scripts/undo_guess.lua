-- Undoes a guess that consumed or claimed a code and whose caller got an error, before it
-- runs or after. The code is as it was, unless there is a newer one. KEYS: the identity's
-- state, and the token if one was issued.
local request, attempt, holder = text(), text(), text()

local s = state(KEYS[1])
local r, i = find(s, 'G' .. request)
if r then
  if r.x ~= attempt then
    return { 0 }
  end
  table.remove(s.r, i)
  local h = s.h[holder] or {}
  if r.u and not h.l and r.u.e > now then
    h.l = r.u
    s.h[holder] = h
  end
  for _, c in ipairs(codes(s, holder)) do
    if c.q == request then
      c.q, c.w = '', 0
    end
  end
  if KEYS[2] then
    redis.call('DEL', KEYS[2])
  end
end
remember_undone(s, attempt)
keep_state(KEYS[1], s)
return { 1 }
