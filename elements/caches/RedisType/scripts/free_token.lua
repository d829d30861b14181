-- Frees a token that a call took while its caller was told that it failed, also
-- when the call comes only now. KEYS: the token.
local request, attempt = text(), text()

local t = load(KEYS[1])
if not t then
  return { 0 }
end
if t.k == request and t.x == attempt then
  free(t)
elseif t.k ~= '' then
  return { 0 }
end
t.g = t.g or {}
t.g[#t.g + 1] = attempt
if #t.g > 8 then
  table.remove(t.g, 1)
end
keep(KEYS[1], t, math.max(t.e, t.w))
return { 1 }
