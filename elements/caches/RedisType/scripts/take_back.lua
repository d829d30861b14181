-- Takes a guess back that took or claimed a code while its caller was told that it
-- failed: the code is as it was, unless a newer one has come, also when the guess
-- comes only now. KEYS: the identity's state, and the token's where one was issued.
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
if not find(s, 'X' .. attempt) then
  remember(s, { k = 'X' .. attempt, c = '', x = '', d = 0 })
end
keep_state(KEYS[1], s)
return { 1 }
