-- The end of a reply. uses: session, events

-- Give reply `id` its last status and its last fields (name, value, …), and tell who waits for it or streams it.
-- Its own copy of the request goes: from here on the transcript has it, or nothing has. The process that the message
-- was posted to may wait for all of it, on a channel of its own: it is told the reply, name and value by turns, each
-- behind its length.
local function end_reply(id, status, ...)
  local key = reply_key(id)
  redis.call('LREM', INBOX, 1, id) -- first: what waits makes all else live longer
  local event = tell(id, 'end', '{"status":"' .. status .. '"}')
  redis.call('HSET', key, 'status', status, 'finished_at', NOW, 'end_event', event, ...)
  local waiter = redis.call('HGET', key, 'waiter')
  redis.call('HDEL', key, 'request', 'tokens', 'told', 'origin', 'waiter')
  keep_reply(id)
  if waiter then
    local told = {id}
    for _, each in ipairs(redis.call('HGETALL', key)) do
      told[#told + 1] = #each .. ':' .. each
    end
    redis.call('PUBLISH', waiter, table.concat(told, ' '))
  end
  redis.call('PUBLISH', CHANNEL, id)
end
