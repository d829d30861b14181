-- KEYS: the token.
local request, ending, linger = text(), number(), number()

local t = load(KEYS[1])
if t and ending == RETURN_TOKEN and t.k == request and t.k ~= '' then
  free(t)
  keep(KEYS[1], t, t.e)
  return { 1 }
end
if not t or t.k ~= '' or math.max(t.e, t.w) <= now then
  return { 0 }
end
if ending == USE_TOKEN then
  take(t, request, '', linger)
  keep(KEYS[1], t, math.max(t.e, t.l))
  return { 1 }
end
if t.q ~= request or t.q == '' then
  return { 0 }
end
t.q, t.w = '', 0
t.z[#t.z + 1] = request
if #t.z > 8 then
  table.remove(t.z, 1)
end
keep(KEYS[1], t, t.e)
return { 1 }
