-- Marks a token as taken: its taker hears so for as long as repeats are answered,
-- others for linger. x is the attempt that was told so last, o how long the token
-- was good.
local function take(t, request, attempt, linger)
  t.o, t.k, t.x, t.l, t.e = t.e, request, attempt, now + linger, now + REMEMBERED
  t.q, t.w, t.z = '', 0, {}
end

-- Frees a token that was taken.
local function free(t)
  t.k, t.x, t.l, t.e = '', '', 0, t.o or 0
end
