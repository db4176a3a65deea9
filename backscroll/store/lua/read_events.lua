-- Read what was told of a reply. uses: session, events
--
-- ARGS    1 reply id  2 id of the event behind which to begin, or '': with the first
-- Result  {} no such reply | {status, attempts, position in the inbox or -1, id of its end or '', events}
--         the events as XRANGE gives them: none where they have expired
-- Replay  harmless.
write = redis.pcall
local id, after = unpack(ARGS)
local status, attempts, ended = unpack(redis.call('HMGET', reply_key(id), 'status', 'attempts', 'end_event'))
if not status or not BEGAN then
  return {}
end
keep()
read_reply(id)
return {status, attempts, redis.call('LPOS', INBOX, id) or -1, ended or '',
  redis.call('XRANGE', events_key(id), after == '' and '-' or '(' .. after, '+')}
