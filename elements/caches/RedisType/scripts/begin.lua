-- KEYS: the idempotency record: o owner, f fingerprint, l when the lease ends, a the
-- answer if there is one, e expires; except in a Cluster, the sender's budget and that
-- of all. Returns the outcome, for how long to keep the answer or until the budget isn't
-- spent, the answer, and whether the record is new.
local owner, fingerprint, lease, ttl, spent_ttl = text(), text(), number(), number(), number()
local sender_max, sender_per, all_max, all_per = number(), number(), number(), number()

local r = load(KEYS[1])
local new = not r or r.e <= now
if not new then
  if r.f ~= fingerprint then
    return { 'mismatch', 0 }
  elseif r.a then
    return { 'done', 0, r.a }
  elseif r.o == owner then
    r.l = now + lease
    r.e = math.max(r.e, r.l)
    keep(KEYS[1], r, r.e)
    return { 'started', ttl }
  elseif r.l > now then
    return { 'busy', 0 }
  end
elseif KEYS[2] then
  local left = budget_left(KEYS[2], sender_max, sender_per)
  if left > 0 then
    return { 'spent', left }
  end
  if budget_left(KEYS[3], all_max, all_per) > 0 then
    ttl = math.min(ttl, spent_ttl)
  end
  spend(KEYS[2], sender_max, sender_per, 1, ttl)
  spend(KEYS[3], all_max, all_per, 1, ttl)
end
local ends = now + math.max(ttl, lease)
keep(KEYS[1], { o = owner, f = fingerprint, l = now + lease, e = ends }, ends)
return { 'started', ttl, '', new and 1 or 0 }
