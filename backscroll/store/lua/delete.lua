-- Erase a session, also while a turn is in work: its holder finds the lock gone. uses: session, events
--
-- ARGS    1 pub/sub channel on which the holder of a turn in work is told
-- Result  1 erased | 0 there was none; it is noted all the same, since it may have begun in a spool
-- Replay  the second call finds nothing.
local waiting = redis.call('LRANGE', INBOX, 0, -1)
for _, id in ipairs(redis.call('LRANGE', REPLIES, 0, -1)) do
  local idem = redis.call('HGET', reply_key(id), 'idem')
  redis.call('DEL', reply_key(id), events_key(id))
  if idem and idem ~= '' then
    redis.call('DEL', idem)
  end
end
redis.call('DEL', META, LIVE, CHAPTERS, LEDGER, ARCHIVE, INBOX, LOCK, OFFER, REPLIES, MEDIA)
redis.call('SET', deleted_key(), NOW, 'PX', deleted_life())
redis.call('PUBLISH', ARGS[1], NAME)
redis.call('ZREM', DUE, NAME)
redis.call('ZREM', COMPACTIONS, NAME)
for _, id in ipairs(waiting) do
  redis.call('PUBLISH', CHANNEL, id) -- who waits for it, or streams it, learns that it is gone
  redis.call('PUBLISH', events_key(id), '')
end
return BEGAN and 1 or 0
