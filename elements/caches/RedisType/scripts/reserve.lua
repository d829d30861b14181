-- KEYS: the identity's state, then its shared limits.
local request, attempt, peek = text(), text(), number() == 1
local holder, bucket, guesser = text(), text(), text()
local code = { i = text(), m = text(), d = number(), e = now + number(), u = {}, a = {}, q = '', w = 0 }
local interval = number()
for i = 1, number() do
  code.u[i] = text()
end

local s = state(KEYS[1])
local known, at = find(s, 'R' .. request)
if known and known.d == 2 then
  -- It was refused: the request may reserve again.
  table.remove(s.r, at)
  known = nil
end
if known then
  -- A call with a code of its own will not use this reservation: only the same
  -- code's may keep it from being taken back.
  if not peek and known.x ~= attempt and known.c == code.i then
    known.x = attempt
    keep_state(KEYS[1], s)
  end
  return { OK, 0, '', 0, known.c }
end
if find(s, 'X' .. attempt) then
  return { 0, 0, '', 0, '' }
end

if s.cu > now then
  return { COOLDOWN, s.cu - now, '', 0, '' }
end
local longest = 0
for i = 1, number() do
  local max, per = number(), number()
  local left = wait(s.s[bucket], max, per)
  if left > 0 then
    return { LIMITED, left, 'sends', i - 1, '' }
  end
  if max > 0 and per > longest then
    longest = per
  end
end
local left = wait(s.f, number(), number())
if left > 0 then
  return { LIMITED, left, 'refusals', 0, '' }
end
left = wait(s.g[guesser], number(), number())
if left > 0 then
  return { LIMITED, left, 'guesses', 0, '' }
end
if peek then
  return { OK, 0, '', 0, '' }
end
local limits = {}
for i = 1, number() do
  local max, per = number(), number()
  left = shared_wait(KEYS[1 + i], max, per)
  if left > 0 then
    return { LIMITED, left, 'shared', i - 1, '' }
  end
  limits[i] = { max, per }
end

if interval > 0 then
  s.cu, s.cc = now + interval, code.i
end
add_to(s.s, bucket, longest)
for i, limit in ipairs(limits) do
  shared_add(KEYS[1 + i], limit[1], limit[2], code.i)
end
local h = s.h[holder] or {}
if h.p then
  -- What became of the one before isn't known: it may have been delivered, so it
  -- takes the place of the live one.
  h.l = h.p
end
h.p = code
s.h[holder] = h
remember(s, { k = 'R' .. request, v = OK, c = code.i, x = attempt, d = 0 })
keep_state(KEYS[1], s)
return { OK, 0, '', 0, code.i }
