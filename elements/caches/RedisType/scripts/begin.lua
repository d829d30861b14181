-- KEYS: the idempotency record: o owner, f fingerprint, l when the lease ends, a the
-- answer if there is one, e expires.
local owner, fingerprint, lease, ttl = text(), text(), number(), number()

local r = load(KEYS[1])
if r and r.e > now then
  if r.f ~= fingerprint then
    return { 'mismatch' }
  elseif r.a then
    return { 'done', r.a }
  elseif r.o == owner then
    r.l = now + lease
    r.e = math.max(r.e, r.l)
    keep(KEYS[1], r, r.e)
    return { 'started' }
  elseif r.l > now then
    return { 'busy' }
  end
end
local ends = now + math.max(ttl, lease)
keep(KEYS[1], { o = owner, f = fingerprint, l = now + lease, e = ends }, ends)
return { 'started' }
