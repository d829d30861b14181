-- KEYS: the identity's state, and the token's where one is issued.
local request, holder, id, used = text(), text(), text(), number() == 1

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
else
  for _, c in ipairs(codes(s, holder)) do
    if c.i == id and c.q == request then
      c.q, c.w = '', 0
      ended = true
    end
  end
end
if not ended then
  return { 0 }
end
remember(s, { k = 'E' .. request, c = '', x = '', d = 0 })
keep_state(KEYS[1], s)
return { 1 }
