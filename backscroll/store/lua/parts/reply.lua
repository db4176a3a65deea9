-- The end of a reply. uses: session, events

-- Give reply `id` its last status and its last fields (name, value, …), and tell who waits for it or streams it.
-- Its own copy of the request goes: from here on the transcript has it, or nothing has.
local function end_reply(id, status, ...)
  local key = reply_key(id)
  redis.call('LREM', INBOX, 1, id) -- first: what waits makes all else live longer
  local event = tell(id, 'end', '{"status":"' .. status .. '"}')
  redis.call('HSET', key, 'status', status, 'finished_at', NOW, 'end_event', event, ...)
  redis.call('HDEL', key, 'request', 'told', 'origin')
  keep_reply(id)
  redis.call('PUBLISH', CHANNEL, id)
end
