-- End a compaction that changes nothing: refused, failed, or not needed after all. uses: session
--
-- ARGS    1 token  2 why it was refused, or ''  3 pause, ms, before the next try, doubled by each refusal in a
--         row, up to an hour; '': nothing is to be done any more
-- Result  pause, ms, until the next try; 0: none is planned
-- Replay  the second call finds another token and changes nothing.
local token, reason, pause = ARGS[1], ARGS[2], tonumber(ARGS[3])
if redis.call('HGET', META, 'compaction') ~= token then
  return 0
end
redis.call('HDEL', META, 'compaction', 'compaction_until')
keep()
if not pause then
  redis.call('ZREM', COMPACTIONS, NAME)
  return 0
end
if reason ~= '' then
  redis.call('HINCRBY', META, 'refused:' .. reason, 1)
  local row = redis.call('HINCRBY', META, 'refused_in_row', 1)
  pause = math.min(pause * 2 ^ math.min(row - 1, 20), 3600000)
end
index(COMPACTIONS, NOW + pause)
return pause
