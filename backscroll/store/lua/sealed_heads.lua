-- Show the beginning of every value under one Redis key: which encryption key sealed it stands there.
--
-- KEYS    1 any of a session's keys
-- Result  the first bytes of each value, and the names of a hash's fields; {} for what holds no content
-- Replay  harmless.
local HEAD, CHUNK = 100, 200 -- a digest and its key's id, or a block's line and what follows; elements at a time
local key = KEYS[1]
local kind = redis.call('TYPE', key).ok
local heads = {}

local function add(values)
  for _, value in ipairs(values) do
    heads[#heads + 1] = string.sub(value, 1, HEAD)
  end
end

if kind == 'string' then
  add({redis.call('GETRANGE', key, 0, HEAD - 1)})
elseif kind == 'hash' then
  add(redis.call('HGETALL', key))
elseif kind == 'list' then
  for from = 0, redis.call('LLEN', key) - 1, CHUNK do
    add(redis.call('LRANGE', key, from, from + CHUNK - 1))
  end
elseif kind == 'stream' then
  for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
    add(entry[2])
  end
end
return heads
