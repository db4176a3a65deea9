-- Set a session's settings; the session begins with them, if it is not there. uses: session
--
-- ARGS    1 settings as JSON  2 time to live, ms, of this session, or '': the deployment's
-- Result  1 the session began | 0 it was there
-- Replay  the same settings are set again, in a session that is there by then.
local settings, ttl = unpack(ARGS)
local began = open()
redis.call('HSET', META, 'settings', settings)
if ttl == '' then
  redis.call('HDEL', META, 'ttl')
else
  redis.call('HSET', META, 'ttl', ttl)
end
TTL = tonumber(ttl) or DEFAULT_TTL
keep()
return began
