-- A sliding window of many identities: a sorted set, a member for each send or guess.
local function window_remaining(key, max, per)
  if max <= 0 then
    return 0
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - per)
  local n = redis.call('ZCARD', key)
  if n < max then
    return 0
  end
  local oldest = redis.call('ZRANGE', key, n - max, n - max, 'WITHSCORES')
  return math.min(math.max(tonumber(oldest[2]) + per - now, 0), per)
end

local function window_add(key, max, per, member)
  if max > 0 then
    redis.call('ZADD', key, now, member)
    redis.call('PEXPIRE', key, per + longer)
  end
end
