-- The mark that a proof was used: q the request that used it, e until when that is
-- noted.
local function marked_by(key)
  local m = load(key)
  return m and m.e > now and m.q or nil
end

local function mark(key, request, keep_for)
  keep(key, { q = request, e = now + keep_for }, now + keep_for)
end

local function unmark(key, request)
  if marked_by(key) == request then
    redis.call('DEL', key)
  end
end

-- How a proof that was given stands; one that isn't right is used up by that.
local function prove(key, request, right, keep_for)
  local by = marked_by(key)
  if by and by ~= request then
    return 'captcha_used'
  end
  if not right then
    mark(key, request, keep_for)
    return 'captcha_wrong'
  end
  return 'reserved'
end
