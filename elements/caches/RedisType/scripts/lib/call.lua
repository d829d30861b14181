-- The arguments in order, and the time in milliseconds. The first argument is the time in
-- tests; it is 0 where the server's clock counts. What is kept then outlives the test.
local place = 0
local function text()
  place = place + 1
  return ARGV[place]
end
local function number()
  return tonumber(text())
end
local function flag()
  return number() == 1
end
local now, longer = number(), 600000
if now == 0 then
  local clock = redis.call('TIME')
  now, longer = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000), 0
end

local KEEP, CONSUME, CLAIM = 0, 1, 2
local RELEASE_TOKEN, USE_TOKEN, RETURN_TOKEN = 0, 1, 2
local REMEMBERED = 600000

local function load(key)
  local stored = redis.call('GET', key)
  return stored and cmsgpack.unpack(stored) or nil
end

-- Keeps a value until a time. Nothing is kept without an expiry.
local function keep(key, value, ends)
  local left = math.floor(ends - now)
  if left > 0 then
    redis.call('SET', key, cmsgpack.pack(value), 'PX', left + longer)
  else
    redis.call('DEL', key)
  end
end

-- Appends to a list that keeps its last items, most of them at most.
local function append(list, most, item)
  while #list >= most do
    table.remove(list, 1)
  end
  list[#list + 1] = item
end
