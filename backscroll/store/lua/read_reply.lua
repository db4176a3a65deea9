-- Read one reply. uses: session
--
-- ARGS    1 reply id
-- Result  {fields, position in the inbox or -1}; no fields: no such reply, or its session is gone
-- Replay  harmless.
write = redis.pcall
local id = ARGS[1]
if not BEGAN then
  return {{}, -1}
end
local fields = redis.call('HGETALL', reply_key(id))
if #fields > 0 then
  keep()
  read_reply(id)
end
return {fields, redis.call('LPOS', INBOX, id) or -1}
