-- A token: v value, e expires; k the request that took it, l until when others learn
-- that it was used, x the attempt that took or claimed it, o the end of its life if it is
-- returned; q the request that claims it, w until when; z the requests whose claims
-- were released, g the attempts that were undone.
local MOST_RELEASED = 8

local function keep_token(key, t)
  keep(key, t, math.max(t.e, t.l, t.w))
end

local function issue(key, value, ttl)
  keep(key, { v = value, e = now + ttl, k = '', l = 0, q = '', w = 0, z = {} }, now + ttl)
end

-- Takes a token. Its request gets it for as long as repeats are answered.
local function take(t, request, attempt, linger)
  t.o, t.k, t.x, t.l, t.e = t.e, request, attempt, now + linger, now + REMEMBERED
  t.q, t.w, t.z = '', 0, {}
end

-- Undoes take.
local function restore(t)
  t.k, t.x, t.l, t.e = '', '', 0, t.o or 0
end
