-- Bring a compaction home: change the session, or leave the change with the holder. uses: session, offer
--
-- ARGS    1 token of the compaction  2 watermark it was computed from  3 the new one  4 chapter
--         5 tokens that the context loses  6 '1': more is to be compacted  7… archive blocks
-- Result  'applied': the lock was free | 'offered': the holder applies it between two turns
--         'discarded': the history has moved on under it
-- Replay  a change that was applied or offered is not made a second time.
local token, from, to, chapter, saved, again = unpack(ARGS)
local change = {id = token, from = tonumber(from), to = tonumber(to), chapter = chapter,
  saved = tonumber(saved), blocks = {unpack(ARGS, 7)}}

local watermark, last_change, holder = unpack(redis.call('HMGET', META, 'watermark', 'last_change', 'compaction'))
if last_change == token then
  return 'applied'
end
if not watermark then
  return 'discarded' -- the session was deleted, or expired, meanwhile
end

local waiting = redis.call('GET', OFFER)
if waiting then
  waiting = cmsgpack.unpack(waiting)
  if waiting.id == token then
    return 'offered'
  end
end

local stale = holder ~= token or tonumber(watermark) ~= change.from
local result
if stale or (waiting and waiting.from == change.from) then
  count('discarded') -- somebody else was first
  result = 'discarded'
elseif redis.call('EXISTS', LOCK) == 0 then
  apply(change)
  result = 'applied'
else
  redis.call('SET', OFFER, cmsgpack.pack(change))
  result = 'offered'
end

if holder == token then
  redis.call('HDEL', META, 'compaction', 'compaction_until')
  if again == '1' then
    index(COMPACTIONS, NOW)
  else
    redis.call('ZREM', COMPACTIONS, NAME)
  end
end
keep()
return result
