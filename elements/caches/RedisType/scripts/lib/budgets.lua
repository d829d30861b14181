-- How many milliseconds until a budget isn't spent, 0 if it isn't.
local function budget_left(key, max, per)
  local g = max > 0 and load(key)
  if not g then
    return 0
  end
  local taken = 0
  for i = #g.a, 1, -1 do
    if g.a[i] + per <= now then
      break
    end
    taken = taken + g.n[i]
    if taken >= max then
      return g.a[i] + per - now
    end
  end
  return 0
end

-- Takes n of a budget for what is kept for ttl. What is known of a new sender lives no
-- longer.
local function spend(key, max, per, n, ttl)
  if max > 0 then
    local g = load(key)
    keep(key, counted(g, per, n), now + (g and per or ttl))
  end
end
