-- KEYS: the identity's state; the token if one is issued; except in a Cluster, its shared
-- limits. A peek returns no outcome if the shared limits decide it. The result says
-- whether this attempt was counted as a wrong guess, and ends with the groups that are
-- left.
local request, attempt, peek, cluster = text(), text(), flag(), flag()
local holder, budget, purpose, mac, length, fresh_length = text(), text(), text(), text(), number(), number()
local attempts, max, per = number(), number(), number()
local after, claim_for, cleared = number(), number(), text()
local issues = flag()
local token_value, token_ttl
if issues then
  token_value, token_ttl = text(), number()
end
local limits = {}
for i = 1, number() do
  limits[i] = { key = KEYS[(issues and 2 or 1) + i], max = number(), per = number() }
end

local s = state(KEYS[1])
local known = find(s, 'G' .. request)
if known then
  if not peek and known.x ~= '' and known.x ~= attempt then
    -- An earlier attempt, whose caller got an error, can't undo the guess any more. Nor
    -- can this one undo a claim, which may have been gone on with since.
    known.x = known.u and attempt or ''
    keep_state(KEYS[1], s)
  end
  return { known.v == WRONG and 'wrong' or 'right', 0, known.c, known.m == attempt and 1 or 0 }
end
if undone(s, attempt) then
  return { '', 0, '', 0 }
end
local alive = codes(s, holder)
local function fits(c)
  return length == (c.l and c.l > 0 and c.l or fresh_length)
end
local fitting = {}
for _, c in ipairs(alive) do
  if fits(c) then
    fitting[#fitting + 1] = c
  end
end
if #alive == 0 and length ~= fresh_length or #alive > 0 and #fitting == 0 then
  return { 'misfit', 0, '', 0 }
end
local left = remaining(s.g[budget], max, per)
if left > 0 then
  return { 'locked', left, '', 0 }
end
if peek then
  return { '', 0, '', 0 }
end
for _, limit in ipairs(limits) do
  left = window_remaining(limit.key, limit.max, limit.per)
  if left > 0 then
    return { 'locked', left, '', 0 }
  end
end
if #alive == 0 then
  return { 'wrong', 0, '', 0 }
end
for _, c in ipairs(alive) do
  if c.q ~= '' and c.q ~= request and c.w > now then
    return { 'busy', c.w - now, '', 0 }
  end
end
local compared, locked = {}, 0
for _, c in ipairs(fitting) do
  if (c.a[budget] or 0) < attempts then
    compared[#compared + 1] = c
  elseif c.e > locked then
    locked = c.e
  end
end
if #compared == 0 then
  return { 'locked', locked - now, '', 0 }
end

local function matches(c)
  if c.m ~= mac or c.d == 1 then
    return false
  end
  for _, p in ipairs(c.u) do
    if p == purpose then
      return true
    end
  end
  return false
end

for _, c in ipairs(compared) do
  if matches(c) then
    if c.q ~= '' and c.q ~= request and cleared ~= c.i then
      return { 'unresolved', 0, c.i, 0 }
    end
    local verified, groups = end_unverified(s, c.i, cluster, true)
    if after == CONSUME then
      use(s, holder, c.i)
      c.q, c.w = '', 0
      if issues then
        issue(KEYS[2], token_value, token_ttl)
      end
    elseif after == CLAIM then
      c.q, c.w = request, now + claim_for
    end
    if after ~= KEEP then
      remember(s, { k = 'G' .. request, v = RIGHT, c = c.i, x = attempt, d = OPEN, u = after == CONSUME and c or nil })
    end
    if after ~= KEEP or verified then
      keep_state(KEYS[1], s)
    end
    return with_groups({ 'right', 0, c.i, 0 }, groups)
  end
end
for _, c in ipairs(compared) do
  c.a[budget] = (c.a[budget] or 0) + 1
end
if max > 0 then
  add_to(s.g, budget, per)
end
for _, limit in ipairs(limits) do
  window_add(limit.key, limit.max, limit.per, attempt)
end
remember(s, { k = 'G' .. request, v = WRONG, c = '', x = '', m = attempt, d = OPEN })
keep_state(KEYS[1], s)
return { 'wrong', 0, '', 1 }
