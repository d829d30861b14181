-- Takes away what is kept in mind of a code's send, and tells its crowds, where
-- they are within reach; where they aren't, it gives their times and keys, to be
-- told apart.
local function unwatch(s, code, near, verified)
  for i, w in ipairs(s.y) do
    if w.i == code then
      table.remove(s.y, i)
      local apart = {}
      for k, key in ipairs(w.k) do
        if near then
          crowd_tell(key, w.t[k], verified)
        else
          apart[#apart + 1] = w.t[k]
          apart[#apart + 1] = key
        end
      end
      return true, apart
    end
  end
  return false, {}
end

local function answer(list, more)
  for _, v in ipairs(more) do
    list[#list + 1] = v
  end
  return list
end
