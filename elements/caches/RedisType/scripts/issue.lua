-- A token: v value, e expires, k the request that took it, l until when others
-- hear so, q the request that claimed it, w until when, z requests whose claims
-- were given back.
local function issue(key, value, ttl)
  keep(key, { v = value, e = now + ttl, k = '', l = 0, q = '', w = 0, z = {} }, now + ttl)
end
