-- KEYS: the identity's state, and the token if one is issued. The result ends with the
-- groups that are left.
local request, attempt, holder, bucket, purpose, mac = text(), text(), text(), text(), text(), text()
local attempts, max, per = number(), number(), number()
local after, claim_for, cleared, cluster = number(), number(), text(), flag()

local s = state(KEYS[1])
local known = find(s, 'G' .. request)
if known then
  if known.x ~= '' and known.x ~= attempt then
    -- An earlier attempt, whose caller got an error, can't undo the guess any more. Nor
    -- can this one undo a claim, which may have been gone on with since.
    known.x = known.u and attempt or ''
    keep_state(KEYS[1], s)
  end
  return { known.v == WRONG and 'wrong' or 'right', 0, known.c }
end
if undone(s, attempt) then
  return { '', 0, '' }
end
local left = remaining(s.g[bucket], max, per)
if left > 0 then
  return { 'locked', left, '' }
end
local alive = codes(s, holder)
if #alive == 0 then
  return { 'wrong', 0, '' }
end
for _, c in ipairs(alive) do
  if c.q ~= '' and c.q ~= request and c.w > now then
    return { 'busy', c.w - now, '' }
  end
end
local compared, locked = {}, 0
for _, c in ipairs(alive) do
  if (c.a[bucket] or 0) < attempts then
    compared[#compared + 1] = c
  elseif c.e > locked then
    locked = c.e
  end
end
if #compared == 0 then
  return { 'locked', locked - now, '' }
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
      return { 'unresolved', 0, c.i }
    end
    local verified, groups = end_unverified(s, c.i, cluster, true)
    if after == CONSUME then
      use(s, holder, c.i)
      c.q, c.w = '', 0
      if KEYS[2] then
        issue(KEYS[2], text(), number())
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
    return with_groups({ 'right', 0, c.i }, groups)
  end
end
for _, c in ipairs(compared) do
  c.a[bucket] = (c.a[bucket] or 0) + 1
end
if max > 0 then
  add_to(s.g, bucket, per)
end
remember(s, { k = 'G' .. request, v = WRONG, c = '', x = '', d = OPEN })
keep_state(KEYS[1], s)
return { 'wrong', 0, '' }
