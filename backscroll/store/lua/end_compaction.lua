-- End a compaction that changes nothing: refused, failed, or not needed after all.
-- uses: session, meter, compaction
--
-- ARGS    1 token  2 why it was refused, or ''  3 pause, ms, before the next try, doubled by each refusal in a
--         row, up to an hour; '': nothing is to be done any more
--         4 calls of the summary model  5 tokens that it read  6 tokens that it wrote
-- Result  pause, ms, until the next try; 0: none is planned
-- Replay  the second call finds another token and changes nothing.
local LATELY = 10
local token, reason, pause, calls, input, output = unpack(ARGS)
if redis.call('HGET', META, 'compaction') ~= token then
  return 0
end
pause = tonumber(pause)
spend(calls, input, output)
if reason ~= '' then
  tally('refused:' .. reason, 1)
  local row = redis.call('HINCRBY', META, 'refused_in_row', 1)
  pause = math.min(pause * 2 ^ math.min(row - 1, 20), 3600000)
  local lately = cjson.decode(redis.call('HGET', META, 'refused_lately') or '[]')
  table.insert(lately, reason)
  if #lately > LATELY then
    table.remove(lately, 1)
  end
  redis.call('HSET', META, 'refused_lately', cjson.encode(lately))
end
settle(pause and NOW + pause, not pause)
keep()
return pause or 0
