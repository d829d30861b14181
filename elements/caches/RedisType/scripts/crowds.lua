-- A crowd: p how long its sends count; its slots of time in order: a when each
-- began, n the sends made in it, v how many of those were verified.
local FINE, COARSE, SLOTS = 100, 10000, 60

local function keep_crowd(key, c)
  keep(key, c, c.a[1] and c.a[#c.a] + c.p or now)
end

local function crowd_count(key, per)
  local c = load(key) or { a = {}, n = {}, v = {} }
  c.p = per
  local over = 0
  while c.a[over + 1] and c.a[over + 1] + per <= now do
    over = over + 1
  end
  if over > 0 then
    for _, name in ipairs({ 'a', 'n', 'v' }) do
      local rest = {}
      for i = over + 1, #c[name] do
        rest[#rest + 1] = c[name][i]
      end
      c[name] = rest
    end
  end
  local last = #c.a
  local width = last >= SLOTS and COARSE or FINE
  if last > 0 and now < c.a[last] + width then
    c.n[last] = c.n[last] + 1
  else
    c.a[last + 1], c.n[last + 1], c.v[last + 1] = now, 1, 0
  end
  keep_crowd(key, c)
end

-- Takes back a send that was counted at a time, or says that it was verified.
local function crowd_tell(key, at, verified)
  local c = load(key)
  if not c then
    return
  end
  for i = #c.a, 1, -1 do
    if c.a[i] <= at then
      if c.n[i] > c.v[i] then
        if verified then
          c.v[i] = c.v[i] + 1
        else
          c.n[i] = c.n[i] - 1
        end
        keep_crowd(key, c)
      end
      return
    end
  end
end

local function crowd_suspicious(key, per, most, ripe)
  local c = most > 0 and load(key)
  if not c then
    return false
  end
  local sends, old, unverified = 0, 0, 0
  for i = 1, #c.a do
    if c.a[i] + per > now then
      sends = sends + c.n[i]
      if c.a[i] + ripe <= now then
        old = old + c.n[i]
        unverified = unverified + c.n[i] - c.v[i]
      end
    end
  end
  return sends >= most and 2 * unverified > old
end
