-- Give back a session's place among its tenant's: it was deleted, or never begun.
--
-- KEYS    1 sessions (sorted set: name → when it expires)  2 their own times to live (hash)
-- ARGV    1 session  2 the place, as `admit` gave it: only while nobody came since; or '': whichever it has
-- Result  1 given back | 0 it has none, or another
-- Replay  finds nothing.
local session, place = ARGV[1], ARGV[2]
local has = redis.call('ZSCORE', KEYS[1], session)
if not has or place ~= '' and tonumber(has) ~= tonumber(place) then
  return 0
end
redis.call('ZREM', KEYS[1], session)
redis.call('HDEL', KEYS[2], session)
return 1
