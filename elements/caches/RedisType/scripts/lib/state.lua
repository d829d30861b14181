-- The state of an identity, in one value:
--   n          when it was last changed
--   h          the codes of each holder: l live, p pending
--   s, f, g    the sends, refused sends and wrong guesses of each budget
--   o          the last send that was refused and whose cooldown stays
--   r          answers for repeats, oldest first
--   y          sends that no right guess has verified yet, oldest first: i the code, e
--              when it expires, k the keys of its risk groups, t when they counted it
-- A window (s, f, g, o): p how long its times count, t those times, oldest first.
-- A code: i id, m MAC, l length, u purposes, d 1 for a decoy, e expires, a the wrong
-- guesses of each budget, q the request that claims it, w until when. A claim that has
-- expired stays, so that the next claim is unresolved.
local MOST_REQUESTS, MOST_UNVERIFIED = 128, 16
local OPEN, COMMITTED, ROLLED_BACK = 0, 1, 2
local RIGHT, WRONG = 1, 4

-- Calls a function with each window.
local function each_window(s, call)
  for _, budgets in ipairs({ s.s, s.f, s.g }) do
    for _, w in pairs(budgets) do
      call(w)
    end
  end
  call(s.o)
end

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
  s.n = s.n + by
  for _, h in pairs(s.h) do
    for _, c in pairs(h) do
      c.e = c.e + by
      c.w = c.w + by
    end
  end
  each_window(s, function(w)
    for i = 1, #w.t do
      w.t[i] = w.t[i] + by
    end
  end)
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

local function drop_empty(s, holder)
  local h = s.h[holder]
  if h and not h.l and not h.p then
    s.h[holder] = nil
  end
end

local function keep_state(key, s)
  local ends = now
  local function later(t)
    if t > ends then
      ends = t
    end
  end
  for _, h in pairs(s.h) do
    for _, c in pairs(h) do
      later(c.e)
    end
  end
  each_window(s, function(w)
    if #w.t > 0 then
      later(w.t[#w.t] + w.p)
    end
  end)
  for _, r in ipairs(s.r) do
    later(r.e)
  end
  s.n = now
  keep(key, s, ends)
end

-- The items of a list that have not expired.
local function unexpired(list)
  local rest = {}
  for _, item in ipairs(list) do
    if item.e > now then
      rest[#rest + 1] = item
    end
  end
  return rest
end

-- The state of an identity as of now, without what has expired. If the clock went back
-- since the last change, the state's times go back with it, so that no pause and no
-- code lasts longer for it.
local function state(key)
  local s = load(key)
  if not s then
    return { n = now, h = {}, s = {}, f = {}, g = {}, o = { p = 0, t = {} }, r = {}, y = {} }
  end
  s.y = s.y or {}
  s.o = s.o or { p = 0, t = {} }
  if type(s.f.p) == 'number' then -- refused sends had no budgets
    s.f = { [''] = s.f }
  end
  local shifted = s.n > now
  if shifted then
    shift(s, now - s.n)
  end
  for holder, h in pairs(s.h) do
    if h.l and h.l.e <= now then
      h.l = nil
    end
    if h.p and h.p.e <= now then
      h.p = nil
    end
    drop_empty(s, holder)
  end
  each_window(s, prune)
  for _, budgets in ipairs({ s.s, s.f, s.g }) do
    for budget, w in pairs(budgets) do
      if #w.t == 0 then
        budgets[budget] = nil
      end
    end
  end
  s.r, s.y = unexpired(s.r), unexpired(s.y)
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

-- Keeps the answer to a request for its repeats: k the request's ID after a letter for
-- the operation, c the code. Of a reservation: t when it was made, x the attempt that
-- made it, d whether it is open, committed or rolled back. Of a guess: v whether it was
-- right, x the attempt that made it, m the attempt that counted it as wrong, u the code
-- as it was before the guess consumed it. An attempt that was undone is kept as an answer
-- after an X.
local function remember(s, r)
  r.e = now + REMEMBERED
  r.t = now
  append(s.r, MOST_REQUESTS, r)
end

local function undone(s, attempt)
  return find(s, 'X' .. attempt) ~= nil
end

local function remember_undone(s, attempt)
  if not undone(s, attempt) then
    remember(s, { k = 'X' .. attempt, c = '', x = '', d = OPEN })
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
  drop_empty(s, holder)
end

-- Removes a code that was used. A pending one takes the older, live one with it.
local function use(s, holder, id)
  local h = s.h[holder]
  if h and h.p and h.p.i == id then
    h.l = nil
  end
  drop(s, holder, id)
end

-- How long until a window admits one more.
local function remaining(w, max, per)
  if not w or max <= 0 or #w.t < max then
    return 0
  end
  return math.min(math.max(w.t[#w.t - max + 1] + per - now, 0), per)
end

-- How long an interval since the last send still lasts.
local function cooldown(s, interval)
  local left = remaining(s.o, 1, interval)
  for _, w in pairs(s.s) do
    left = math.max(left, remaining(w, 1, interval))
  end
  return left
end

local function add_to(budgets, budget, per)
  if per <= 0 then
    return
  end
  local w = budgets[budget] or { p = per, t = {} }
  w.p = math.max(w.p, per)
  w.t[#w.t + 1] = now
  budgets[budget] = w
end

local function remove_time(w, at)
  for i, t in ipairs(w.t) do
    if t == at then
      table.remove(w.t, i)
      return
    end
  end
end

-- Removes what a reservation took of the state.
local function undo_reservation(s, r, holder, budget, keep_cooldown)
  drop(s, holder, r.c)
  local w = s.s[budget]
  if not w then
    return
  end
  remove_time(w, r.t)
  if keep_cooldown and (#s.o.t == 0 or w.p + r.t > s.o.p + s.o.t[1]) then
    s.o = { p = w.p, t = { r.t } }
  end
end

-- The codes of a holder, the newest first.
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
