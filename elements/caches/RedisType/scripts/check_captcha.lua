-- KEYS: the use of a captcha. Uses one that is in order.
local request, attempt, correct, ttl = text(), text(), flag(), number()

local outcome = check_captcha(KEYS[1], request, attempt, correct, ttl)
if outcome == 'reserved' then
  use_captcha(KEYS[1], request, attempt, ttl)
end
return { outcome }
