-- Read the state of a session, without its messages. uses: session
--
-- Result  {meta, chapters, inbox, lock's remaining ms, ms until it expires, when its compaction is looked at}
--         meta is empty when there is no such session
-- Replay  harmless.
local meta = redis.call('HGETALL', META)
if #meta > 0 then
  keep()
end
return {meta, redis.call('LRANGE', CHAPTERS, 0, -1), redis.call('LRANGE', INBOX, 0, -1),
  redis.call('PTTL', LOCK), TTL, redis.call('ZSCORE', COMPACTIONS, NAME) or ''}
