-- Marks a token as taken: its taker hears so for as long as repeats are answered,
-- others for linger.
local function take(t, request, linger)
  t.k, t.l, t.e = request, now + linger, now + REMEMBERED
  t.q, t.w, t.z = '', 0, {}
end
