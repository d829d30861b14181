-- KEYS: the identity's state; where they are within reach (near) its shared
-- limits, the windows that ask for a proof, its crowds, the proof's mark.
local request, attempt, peek, near = text(), text(), number() == 1, number() == 1
local holder, bucket, guesser = text(), text(), text()
local code = { i = text(), m = text(), d = number(), e = now + number(), u = {}, a = {}, q = '', w = 0 }
local interval = number()
for i = 1, number() do
  code.u[i] = text()
end
local function windows()
  local list = {}
  for i = 1, number() do
    list[i] = { max = number(), per = number() }
  end
  return list
end
local sends, refusals, guesses = windows(), windows()[1], windows()[1]
local limits, full = windows(), windows()
local crowds = {}
for i = 1, number() do
  crowds[i] = { key = text(), at = number(), per = number(), sends = number(), ripe = number() }
end
local given, right, asked, marked, keep_for = number() == 1, number() == 1, number() == 1, number() == 1, number()

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
  return { 'reserved', 0, '', 0, known.c }
end
if find(s, 'X' .. attempt) then
  return { '', 0, '', 0, '' }
end

if s.cu > now then
  return { 'cooldown', s.cu - now, '', 0, '' }
end
local mark_key = KEYS[2 + #limits + #full + #crowds]
if near then
  if given then
    local verdict = marked and prove(mark_key, request, right, keep_for) or 'captcha_wrong'
    if verdict ~= 'reserved' then
      return { verdict, 0, '', 0, '' }
    end
  else
    for i, w in ipairs(full) do
      asked = asked or shared_wait(KEYS[1 + #limits + i], w.max, w.per) > 0
    end
    for _, c in ipairs(crowds) do
      asked = asked or crowd_suspicious(c.key, c.per, c.sends, c.ripe)
    end
    if asked then
      return { 'captcha_required', 0, '', 0, '' }
    end
  end
end
local longest = 0
for i, w in ipairs(sends) do
  local left = wait(s.s[bucket], w.max, w.per)
  if left > 0 then
    return { 'limit_reached', left, 'sends', i - 1, '' }
  end
  if w.max > 0 and w.per > longest then
    longest = w.per
  end
end
local left = wait(s.f, refusals.max, refusals.per)
if left > 0 then
  return { 'limit_reached', left, 'refusals', 0, '' }
end
left = wait(s.g[guesser], guesses.max, guesses.per)
if left > 0 then
  return { 'limit_reached', left, 'guesses', 0, '' }
end
if peek then
  return { 'reserved', 0, '', 0, '' }
end
for i, w in ipairs(limits) do
  left = shared_wait(KEYS[1 + i], w.max, w.per)
  if left > 0 then
    return { 'limit_reached', left, 'shared', i - 1, '' }
  end
end

if interval > 0 then
  s.cu, s.cc = now + interval, code.i
end
add_to(s.s, bucket, longest)
for i, w in ipairs(limits) do
  shared_add(KEYS[1 + i], w.max, w.per, code.i)
end
if near and given then
  mark(mark_key, request, keep_for)
end
if #crowds > 0 then
  local w = { i = code.i, e = code.e, k = {}, t = {} }
  for i, c in ipairs(crowds) do
    w.k[i], w.t[i] = c.key, near and now or c.at
    if near then
      crowd_count(c.key, c.per)
    end
  end
  while #s.y >= WATCHES do
    table.remove(s.y, 1)
  end
  s.y[#s.y + 1] = w
end
local h = s.h[holder] or {}
if h.p then
  -- What became of the one before isn't known: it may have been delivered, so it
  -- takes the place of the live one.
  h.l = h.p
end
h.p = code
s.h[holder] = h
remember(s, { k = 'R' .. request, c = code.i, x = attempt, d = 0 })
keep_state(KEYS[1], s)
return { 'reserved', 0, '', 0, code.i }
