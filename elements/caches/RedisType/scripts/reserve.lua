-- KEYS: the identity's state; except in a Cluster, its shared limits, the limits that
-- require a captcha while they are full, its risk groups, the use of its captcha. Returns
-- the outcome, the time left, the limit and its index, and the code that is reserved.
local request, attempt, peek, cluster = text(), text(), flag(), flag()
local holder, budget = text(), text()
local code = { i = text(), m = text(), l = number(), d = number(), e = now + number(), u = {}, a = {}, q = '', w = 0 }
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
local groups = {}
for i = 1, number() do
  groups[i] = { key = text(), sent = number(), per = number(), min_sends = number(), unverified_after = number() }
end
local given, correct, required, identified, captcha_ttl = flag(), flag(), flag(), flag(), number()

local s = state(KEYS[1])
local known, at = find(s, 'R' .. request)
if known and known.d == ROLLED_BACK then
  table.remove(s.r, at)
  known = nil
end
if known then
  -- A call with another code won't use this reservation. Only one with the same code
  -- keeps an earlier attempt from undoing it.
  if not peek and known.x ~= attempt and known.c == code.i then
    known.x = attempt
    keep_state(KEYS[1], s)
  end
  return { 'reserved', 0, '', 0, known.c }
end
if undone(s, attempt) then
  return { '', 0, '', 0, '' }
end

local left = cooldown(s, interval)
if left > 0 then
  return { 'cooldown', left, '', 0, '' }
end
local captcha_key = KEYS[2 + #limits + #full + #groups]
if not cluster then
  if given then
    local outcome = identified and check_captcha(captcha_key, request, attempt, correct, captcha_ttl) or 'captcha_wrong'
    if outcome ~= 'reserved' then
      return { outcome, 0, '', 0, '' }
    end
  else
    for i, w in ipairs(full) do
      required = required or window_remaining(KEYS[1 + #limits + i], w.max, w.per) > 0
    end
    for _, g in ipairs(groups) do
      required = required or group_suspicious(g.key, g.per, g.min_sends, g.unverified_after)
    end
    if required then
      return { 'captcha_required', 0, '', 0, '' }
    end
  end
end
local longest = interval
for i, w in ipairs(sends) do
  left = remaining(s.s[budget], w.max, w.per)
  if left > 0 then
    return { 'limit_reached', left, 'sends', i - 1, '' }
  end
  if w.max > 0 and w.per > longest then
    longest = w.per
  end
end
left = remaining(s.f[budget], refusals.max, refusals.per)
if left > 0 then
  return { 'limit_reached', left, 'refusals', 0, '' }
end
left = remaining(s.g[budget], guesses.max, guesses.per)
if left > 0 then
  return { 'limit_reached', left, 'guesses', 0, '' }
end
if peek then
  return { 'reserved', 0, '', 0, '' }
end
for i, w in ipairs(limits) do
  left = window_remaining(KEYS[1 + i], w.max, w.per)
  if left > 0 then
    return { 'limit_reached', left, 'shared', i - 1, '' }
  end
end

add_to(s.s, budget, longest)
for i, w in ipairs(limits) do
  window_add(KEYS[1 + i], w.max, w.per, code.i)
end
if given and not cluster then
  use_captcha(captcha_key, request, attempt, captcha_ttl)
end
if #groups > 0 then
  local u = { i = code.i, e = code.e, k = {}, t = {} }
  for i, g in ipairs(groups) do
    u.k[i], u.t[i] = g.key, cluster and g.sent or now
    if not cluster then
      count_in_group(g.key, g.per)
    end
  end
  append(s.y, MOST_UNVERIFIED, u)
end
local h = s.h[holder] or {}
if h.p then
  -- The outcome of the send before is unknown. Its code may have been delivered, so it
  -- replaces the live one.
  h.l = h.p
end
h.p = code
s.h[holder] = h
remember(s, { k = 'R' .. request, c = code.i, x = attempt, d = OPEN })
keep_state(KEYS[1], s)
return { 'reserved', 0, '', 0, code.i }
