-- Read one reply. uses: session
--
-- ARGS    1 reply id
-- Result  {fields, position in the inbox or -1}; no fields: no such reply
-- Replay  harmless.
local key = reply_key(ARGS[1])
local fields = redis.call('HGETALL', key)
if #fields > 0 then
  keep()
  redis.call('PEXPIRE', key, TTL)
end
return {fields, redis.call('LPOS', INBOX, ARGS[1]) or -1}
