-- KEYS: the token.
local request, attempt, after, claim_for, linger = text(), text(), number(), number(), number()

local t = load(KEYS[1])
if not t then
  return { 'gone' }
end
if t.k ~= '' then
  if t.k == request and t.e > now then
    if t.x ~= attempt then
      t.x = attempt
      keep_token(KEYS[1], t)
    end
    return { 'valid', t.v }
  end
  if t.l > now then
    return { 'used', t.v }
  end
  return { 'gone' }
end
local mine = t.q == request and t.q ~= ''
if t.w > now and not mine then
  return { 'busy' }
end
if t.e <= now and not (mine and t.w > now) then
  return { 'gone' }
end
for _, undone in ipairs(t.g or {}) do
  if undone == attempt then
    return { '' }
  end
end
if after == CONSUME then
  take(t, request, attempt, linger)
  keep_token(KEYS[1], t)
elseif after == CLAIM and mine then
  if t.x and t.x ~= '' and t.x ~= attempt then
    -- A repeat may go on with it, so no attempt undoes the claim any more.
    t.x = ''
    keep_token(KEYS[1], t)
  end
elseif after == CLAIM then
  for _, released in ipairs(t.z) do
    if released == request then
      return { 'valid', t.v }
    end
  end
  t.q, t.w, t.x = request, now + claim_for, attempt
  keep_token(KEYS[1], t)
end
return { 'valid', t.v }
