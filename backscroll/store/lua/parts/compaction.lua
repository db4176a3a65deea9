-- The end of the compaction that is in work. uses: session

-- It is over: somebody should look again at `look`, or never when that is nil. `done`: what was asked for
-- is done with, unless it was asked for while the compaction was in work.
local function settle(look, done)
  local forced, answered = unpack(redis.call('HMGET', META, 'forced', 'compaction_forced'))
  redis.call('HDEL', META, 'compaction', 'compaction_until', 'compaction_forced')
  if forced and forced ~= answered then
    look = NOW
  elseif done then
    redis.call('HDEL', META, 'forced', 'forced_keep')
  end
  if look then
    index(COMPACTIONS, look)
  else
    redis.call('HDEL', META, 'compaction_origin')
    redis.call('ZREM', COMPACTIONS, NAME)
  end
end
