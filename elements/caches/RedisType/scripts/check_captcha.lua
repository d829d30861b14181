-- KEYS: the use of a captcha. Uses one that is in order.
local request, correct, ttl = text(), flag(), number()

local outcome = check_captcha(KEYS[1], request, correct, ttl)
if outcome == 'reserved' then
  use_captcha(KEYS[1], request, ttl)
end
return { outcome }
