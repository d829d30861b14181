-- The use of a captcha: q the request that used it, e until when that is recorded.
local function captcha_user(key)
  local use = load(key)
  return use and use.e > now and use.q or nil
end

local function use_captcha(key, request, ttl)
  keep(key, { q = request, e = now + ttl }, now + ttl)
end

local function return_captcha(key, request)
  if captcha_user(key) == request then
    redis.call('DEL', key)
  end
end

-- Returns 'reserved' for a captcha that is in order. One that isn't correct is used.
local function check_captcha(key, request, correct, ttl)
  local by = captcha_user(key)
  if by and by ~= request then
    return 'captcha_used'
  end
  if not correct then
    use_captcha(key, request, ttl)
    return 'captcha_wrong'
  end
  return 'reserved'
end
