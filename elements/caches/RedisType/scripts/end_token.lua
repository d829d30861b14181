-- KEYS: the token.
local request, ending, linger = text(), number(), number()

local t = load(KEYS[1])
if not t then
  return { 0 }
end
if t.k ~= '' then
  if t.k ~= request or ending ~= RETURN_TOKEN then
    return { 0 }
  end
  restore(t)
elseif math.max(t.e, t.w) <= now then
  return { 0 }
elseif ending == USE_TOKEN then
  take(t, request, '', linger)
elseif t.q == request and t.q ~= '' then
  t.q, t.w, t.x = '', 0, ''
  append(t.z, MOST_RELEASED, request)
else
  return { 0 }
end
keep_token(KEYS[1], t)
return { 1 }
