-- Let a tenant begin a session, or go on with one, within what it may have.
--
-- KEYS    1 sessions (sorted set: name → when it expires)  2 their own times to live (hash)  3 tokens (string)
-- ARGV    1 session  2 sessions that the tenant may have, or 0  3 tokens that it may spend in a day, or 0
--         4 time to live, ms, of a session without one of its own
--         5 this session's own from here on, ms; 0: it has none; '': as it was
-- Result  {'admitted', place}   '': it had one before, or needs none; else see leave.lua
--         {'spent', ms until there are more tokens} | {'full', ms until a session expires}
-- Replay  the session has its place already, and keeps it.
local SESSIONS, TTLS, TOKENS = unpack(KEYS)
local session, default, own = ARGV[1], ARGV[4], ARGV[5]
local most, budget = tonumber(ARGV[2]), tonumber(ARGV[3])

if budget > 0 and tonumber(redis.call('GET', TOKENS) or 0) >= budget then
  return {'spent', math.max(redis.call('PTTL', TOKENS), 1)}
end
if most == 0 then
  return {'admitted', ''}
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000 -- with its microseconds: so no two admissions give the same place
for _, gone in ipairs(redis.call('ZRANGE', SESSIONS, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1000)) do
  redis.call('ZREM', SESSIONS, gone)
  redis.call('HDEL', TTLS, gone)
end
local had = redis.call('ZSCORE', SESSIONS, session)
if not had and redis.call('ZCARD', SESSIONS) >= most then
  local first = redis.call('ZRANGE', SESSIONS, 0, 0, 'WITHSCORES')
  return {'full', math.max(first[2] - now, 1)}
end

if own == '0' then
  redis.call('HDEL', TTLS, session)
elseif own ~= '' then
  redis.call('HSET', TTLS, session, own)
end
local place = now + (redis.call('HGET', TTLS, session) or default)
redis.call('ZADD', SESSIONS, place, session)
local last = redis.call('ZRANGE', SESSIONS, -1, -1, 'WITHSCORES')
for _, key in ipairs({SESSIONS, TTLS}) do
  redis.call('PEXPIREAT', key, math.floor(last[2]))
end
return {'admitted', had and '' or string.format('%.17g', place)}
