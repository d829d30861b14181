-- Undoes a call that took or claimed a token and whose caller got an error, before it runs or
-- after. KEYS: the token.
local request, attempt = text(), text()

local t = load(KEYS[1])
if not t then
  return { 0 }
end
if t.k == request and t.x == attempt then
  restore(t)
elseif t.k == '' and t.q == request and t.x == attempt then
  t.q, t.w, t.x = '', 0, ''
elseif t.k ~= '' then
  return { 0 }
end
t.g = t.g or {}
append(t.g, MOST_RELEASED, attempt)
keep_token(KEYS[1], t)
return { 1 }
