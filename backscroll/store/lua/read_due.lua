-- Count the sessions of one shard with work, and tell how overdue the most overdue one is.
--
-- KEYS    1 due (sorted set)  2 compactions (sorted set)
-- Result  {sessions, ms overdue, sessions with a compaction, ms overdue}
-- Replay  harmless.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local found = {}
for _, set in ipairs(KEYS) do
  local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  table.insert(found, redis.call('ZCARD', set))
  table.insert(found, math.max(0, now - tonumber(first[2] or now)))
end
return found
