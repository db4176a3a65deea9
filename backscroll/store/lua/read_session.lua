-- Read the state of a session, without its messages. uses: session
--
-- ARGS    1 how many of the newest replies
-- Result  {meta, chapters, inbox, lock's remaining ms, ms until it expires, when its compaction is looked at,
--         the newest replies, newest first: {id, status, created at, finished at or nil}}
--         meta is empty when there is no such session
-- Replay  harmless.
write = redis.pcall
local meta = redis.call('HGETALL', META)
if #meta > 0 then
  keep()
end

-- Some of those listed have expired, or became one with another: they are passed over, within reason.
local function recent_replies(count)
  local found = {}
  local listed = redis.call('LRANGE', REPLIES, -count * 5, -1)
  for at = #listed, 1, -1 do
    local id = listed[at]
    local status, created, finished = unpack(redis.call('HMGET', reply_key(id), 'status', 'created_at', 'finished_at'))
    if status then
      found[#found + 1] = {id, status, created, finished}
    end
    if #found == count then
      break
    end
  end
  return found
end
return {meta, redis.call('LRANGE', CHAPTERS, 0, -1), redis.call('LRANGE', INBOX, 0, -1),
  redis.call('PTTL', LOCK), life(), redis.call('ZSCORE', COMPACTIONS, NAME) or '', recent_replies(tonumber(ARGS[1]))}
