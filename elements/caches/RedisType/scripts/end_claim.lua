-- KEYS: the identity's state, and the token if one is issued.
local request, holder, id, used = text(), text(), text(), flag()

local s = state(KEYS[1])
if find(s, 'E' .. request) then
  return { 0 }
end
local ended = used
if used then
  use(s, holder, id)
  if KEYS[2] then
    issue(KEYS[2], text(), number())
  end
end
for _, c in ipairs(codes(s, holder)) do
  if c.i == id and c.q == request then
    c.q, c.w = '', 0
    ended = true
  end
end
if not ended then
  return { 0 }
end
remember(s, { k = 'E' .. request, c = '', x = '', d = OPEN })
keep_state(KEYS[1], s)
return { 1 }
