-- The use of a captcha: q the request that used it, x the attempt that did last, e until
-- when that is recorded, p its use by an earlier attempt of the request.
local function captcha_use(key)
  local use = load(key)
  return use and use.e > now and use or nil
end

local function use_captcha(key, request, attempt, ttl)
  local use = captcha_use(key)
  if use and use.q == request and use.x == attempt then
    return -- by a call whose reply was lost
  end
  if use then
    use.p = nil
  end
  keep(key, { q = request, x = attempt, e = now + ttl, p = use }, now + ttl)
end

-- Returns a captcha that an attempt used. What used it before has still done so.
local function return_captcha(key, attempt)
  local use = captcha_use(key)
  if not use or use.x ~= attempt then
    return
  end
  if use.p then
    keep(key, use.p, use.p.e)
  else
    redis.call('DEL', key)
  end
end

-- Returns 'reserved' for a captcha that is in order. One that isn't correct is used.
local function check_captcha(key, request, attempt, correct, ttl)
  local use = captcha_use(key)
  if use and use.q ~= request then
    return 'captcha_used'
  end
  if not correct then
    use_captcha(key, request, attempt, ttl)
    return 'captcha_wrong'
  end
  return 'reserved'
end
