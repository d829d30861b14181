-- What is kept of one identity, in one value:
--   n          when it was last changed
--   cu, cc     the end of the cooldown, and the code it is for
--   h          holder -> l and p, the live and the pending code
--   s, g, f    sends and wrong guesses of each bucket, refusals: p how long the times t matter
--   r          answers to repeats, oldest first
--   y          sends that are not verified yet, oldest first: i the code, e when it
--              expires, k the keys of its crowds and t when they counted it
-- A code: i id, m MAC, u purposes, d decoy, e expires, a attempts of each bucket,
-- q the request that claimed it, w until when.
local REMEMBERS, WATCHES = 128, 16
local OPEN, COMMITTED, ROLLED_BACK = 0, 1, 2
local RIGHT, WRONG = 1, 4

local function prune(w)
  local over = 0
  while w.t[over + 1] and w.t[over + 1] + w.p <= now do
    over = over + 1
  end
  if over > 0 then
    local rest = {}
    for i = over + 1, #w.t do
      rest[#rest + 1] = w.t[i]
    end
    w.t = rest
  end
end

local function shift(s, by)
  local function window(w)
    for i = 1, #w.t do
      w.t[i] = w.t[i] + by
    end
  end
  s.n = s.n + by
  s.cu = s.cu + by
  for _, h in pairs(s.h) do
    for _, c in pairs(h) do
      c.e = c.e + by
      c.w = c.w + by
    end
  end
  for _, w in pairs(s.s) do
    window(w)
  end
  for _, w in pairs(s.g) do
    window(w)
  end
  window(s.f)
  for _, r in ipairs(s.r) do
    r.e = r.e + by
    r.t = r.t + by
    if r.u then
      r.u.e = r.u.e + by
    end
  end
  for _, w in ipairs(s.y) do
    w.e = w.e + by
  end
end

local function keep_state(key, s)
  local ends = s.cu
  local function later(t)
    if t > ends then
      ends = t
    end
  end
  local function window(w)
    if #w.t > 0 then
      later(w.t[#w.t] + w.p)
    end
  end
  for _, h in pairs(s.h) do
    for _, c in pairs(h) do
      later(c.e)
    end
  end
  for _, w in pairs(s.s) do
    window(w)
  end
  for _, w in pairs(s.g) do
    window(w)
  end
  window(s.f)
  for _, r in ipairs(s.r) do
    later(r.e)
  end
  s.n = now
  keep(key, s, ends)
end

-- The state as of now: what is over is dropped, and a clock that went back takes
-- the state's times with it.
local function state(key)
  local s = load(key)
  if not s then
    return { n = now, cu = 0, cc = '', h = {}, s = {}, g = {}, f = { p = 0, t = {} }, r = {}, y = {} }
  end
  s.y = s.y or {}
  local shifted = s.n > now
  if shifted then
    shift(s, now - s.n)
  end
  if s.cu <= now then
    s.cu, s.cc = 0, ''
  end
  for holder, h in pairs(s.h) do
    if h.l and h.l.e <= now then
      h.l = nil
    end
    if h.p and h.p.e <= now then
      h.p = nil
    end
    if not h.l and not h.p then
      s.h[holder] = nil
    end
  end
  for _, buckets in ipairs({ s.s, s.g }) do
    for bucket, w in pairs(buckets) do
      prune(w)
      if #w.t == 0 then
        buckets[bucket] = nil
      end
    end
  end
  prune(s.f)
  local alive = {}
  for _, r in ipairs(s.r) do
    if r.e > now then
      alive[#alive + 1] = r
    end
  end
  s.r = alive
  local watched = {}
  for _, w in ipairs(s.y) do
    if w.e > now then
      watched[#watched + 1] = w
    end
  end
  s.y = watched
  if shifted then
    keep_state(key, s)
  end
  return s
end

local function find(s, id)
  for i, r in ipairs(s.r) do
    if r.k == id then
      return r, i
    end
  end
end

-- An answer for repeats: k the request behind its operation's letter, v the
-- verdict, c the code; of a reservation t when it was made, x the attempt that
-- made it, d whether it was settled; of a guess that took its code u what that was
-- like, x the attempt that was told so last.
local function remember(s, r)
  r.e = now + REMEMBERED
  r.t = now
  while #s.r >= REMEMBERS do
    table.remove(s.r, 1)
  end
  s.r[#s.r + 1] = r
end

local function tidy(s, holder)
  local h = s.h[holder]
  if h and not h.l and not h.p then
    s.h[holder] = nil
  end
end

local function drop(s, holder, id)
  local h = s.h[holder]
  if not h then
    return
  end
  if h.l and h.l.i == id then
    h.l = nil
  end
  if h.p and h.p.i == id then
    h.p = nil
  end
  tidy(s, holder)
end

-- A code that was used: a pending one takes the older, live one with it.
local function use(s, holder, id)
  local h = s.h[holder]
  if h and h.p and h.p.i == id then
    h.l = nil
  end
  drop(s, holder, id)
end

-- How long until the window admits one more.
local function wait(w, max, per)
  if not w or max <= 0 or #w.t < max then
    return 0
  end
  return math.min(math.max(w.t[#w.t - max + 1] + per - now, 0), per)
end

local function add(w, per)
  w.p = per
  prune(w)
  w.t[#w.t + 1] = now
end

local function add_to(buckets, bucket, per)
  if per <= 0 then
    return
  end
  buckets[bucket] = buckets[bucket] or { p = per, t = {} }
  add(buckets[bucket], per)
end

local function remove_time(w, at)
  for i, t in ipairs(w.t) do
    if t == at then
      table.remove(w.t, i)
      return
    end
  end
end

-- Takes a reservation back: its code, its cooldown, its place among the sends.
local function undo(s, r, holder, bucket)
  drop(s, holder, r.c)
  if s.cc == r.c then
    s.cu, s.cc = 0, ''
  end
  if s.s[bucket] then
    remove_time(s.s[bucket], r.t)
  end
end

-- The two codes of a holder, the newest first.
local function codes(s, holder)
  local h, found = s.h[holder], {}
  if h and h.p then
    found[1] = h.p
  end
  if h and h.l then
    found[#found + 1] = h.l
  end
  return found
end
