-- A risk group: p how long its sends count; its slots of time in order: a when each
-- begins, n the sends made in it, v how many of those are verified.
local FINE_SLOT, COARSE_SLOT, FINE_SLOTS = 100, 10000, 60

local function keep_group(key, g)
  keep(key, g, g.a[1] and g.a[#g.a] + g.p or now)
end

-- A group after n more sends.
local function counted(g, per, n)
  g = g or { a = {}, n = {}, v = {} }
  g.p = per
  local over = 0
  while g.a[over + 1] and g.a[over + 1] + per <= now do
    over = over + 1
  end
  if over > 0 then
    for _, name in ipairs({ 'a', 'n', 'v' }) do
      local rest = {}
      for i = over + 1, #g[name] do
        rest[#rest + 1] = g[name][i]
      end
      g[name] = rest
    end
  end
  local last = #g.a
  local width = last >= FINE_SLOTS and COARSE_SLOT or FINE_SLOT
  if last > 0 and now < g.a[last] + width then
    g.n[last] = g.n[last] + n
  else
    g.a[last + 1], g.n[last + 1], g.v[last + 1] = now, n, 0
  end
  return g
end

local function count_in_group(key, per)
  keep_group(key, counted(load(key), per, 1))
end

-- Verifies a send that was counted at a time, or takes it back.
local function end_in_group(key, sent, verified)
  local g = load(key)
  if not g then
    return
  end
  for i = #g.a, 1, -1 do
    if g.a[i] <= sent then
      if g.n[i] > g.v[i] then
        if verified then
          g.v[i] = g.v[i] + 1
        else
          g.n[i] = g.n[i] - 1
        end
        keep_group(key, g)
      end
      return
    end
  end
end

local function group_suspicious(key, per, min_sends, unverified_after)
  local g = min_sends > 0 and load(key)
  if not g then
    return false
  end
  local sends, old, unverified = 0, 0, 0
  for i = 1, #g.a do
    if g.a[i] + per > now then
      sends = sends + g.n[i]
      if g.a[i] + unverified_after <= now then
        old = old + g.n[i]
        unverified = unverified + g.n[i] - g.v[i]
      end
    end
  end
  return sends >= min_sends and 2 * unverified > old
end

-- Verifies the send of a code in its groups, or takes it back, if that wasn't done
-- before. In a Cluster the groups can't be reached: then it returns when each of them
-- counted the send, and its key.
local function end_unverified(s, code, cluster, verified)
  for i, u in ipairs(s.y) do
    if u.i == code then
      table.remove(s.y, i)
      local left = {}
      for k, key in ipairs(u.k) do
        if cluster then
          left[#left + 1] = u.t[k]
          left[#left + 1] = key
        else
          end_in_group(key, u.t[k], verified)
        end
      end
      return true, left
    end
  end
  return false, {}
end

-- A result that ends with the groups that are left.
local function with_groups(result, left)
  for _, v in ipairs(left) do
    result[#result + 1] = v
  end
  return result
end
