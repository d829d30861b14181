-- KEYS: a budget. Takes n of it; if it is spent, only when it may be overspent. Returns
-- how long until it wasn't spent.
local max, per, n, ttl, overspend = number(), number(), number(), number(), flag()

local left = budget_left(KEYS[1], max, per)
if left == 0 or overspend then
  spend(KEYS[1], max, per, n, ttl)
end
return { left }
