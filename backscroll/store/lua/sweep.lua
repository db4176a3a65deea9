-- Find the sessions of one shard that are overdue, and put each off by the grace of a new doorbell.
--
-- KEYS    1 due (sorted set)  2 compactions (sorted set)
-- ARGV    1 grace, ms  2 how many sessions of each set at a time
-- Result  {names with overdue turns, names with overdue compactions}
-- Replay  the second call finds them put off: at worst a bell is rung a grace later.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local found = {}
for position, set in ipairs(KEYS) do
  found[position] = redis.call('ZRANGE', set, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[2])
  for _, name in ipairs(found[position]) do
    redis.call('ZADD', set, now + ARGV[1], name)
  end
end
return found
