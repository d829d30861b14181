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
      keep(KEYS[1], t, math.max(t.e, t.l))
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
for _, given_up in ipairs(t.g or {}) do
  if given_up == attempt then
    return { '' }
  end
end
if after == CONSUME then
  take(t, request, attempt, linger)
  keep(KEYS[1], t, math.max(t.e, t.l))
elseif after == CLAIM and not mine then
  for _, ended in ipairs(t.z) do
    if ended == request then
      return { 'valid', t.v }
    end
  end
  t.q, t.w = request, now + claim_for
  keep(KEYS[1], t, math.max(t.e, t.w))
end
return { 'valid', t.v }
