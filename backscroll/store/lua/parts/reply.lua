-- The end of a reply. uses: session

-- Give reply `id` its last status and its last fields (name, value, …), and tell who waits for it.
-- Its own copy of the request goes: from here on the transcript has it, or nothing has.
local function end_reply(id, status, ...)
  local key = reply_key(id)
  redis.call('HSET', key, 'status', status, 'finished_at', NOW, ...)
  redis.call('HDEL', key, 'request')
  keep_reply(id)
  redis.call('LREM', INBOX, 1, id)
  redis.call('PUBLISH', CHANNEL, id)
end
