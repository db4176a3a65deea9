-- Count tokens that a tenant has spent, once, until the day ends.
--
-- KEYS    1 tokens (string)  2 counted (string): this turn or compaction was counted
-- ARGV    1 tokens
-- Result  the tokens that were spent today
-- Replay  within a minute, what was counted is not counted again.
local TOKENS, COUNTED = unpack(KEYS)
local DAY = 86400000

if not redis.call('SET', COUNTED, 1, 'NX', 'PX', 60000) then
  return tonumber(redis.call('GET', TOKENS) or 0)
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local spent = redis.call('INCRBY', TOKENS, ARGV[1])
redis.call('PEXPIREAT', TOKENS, (math.floor(now / DAY) + 1) * DAY)
return spent
