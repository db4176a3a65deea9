-- Look at what could be restored; a change that waits is made first. uses: session, meter, offer
--
-- ARGS    1 seq: the archive's blocks of messages behind it are returned
-- Result  {'missing'} | {'busy'}: a turn is in work
--         {'found', meta, chapters, ledger, blocks}
-- Replay  harmless.
local after = tonumber(ARGS[1])
if not BEGAN then
  return {'missing'}
end
keep()
if redis.call('EXISTS', LOCK) == 1 then
  return {'busy'}
end
apply_offer()
local blocks = {}
while true do
  local block = redis.call('LINDEX', ARCHIVE, -#blocks - 1)
  if not block or tonumber(string.match(block, '^%d+ %d+ (%d+)\n')) <= after then
    break
  end
  blocks[#blocks + 1] = block -- the newest first
end
return {'found', redis.call('HGETALL', META), redis.call('LRANGE', CHAPTERS, 0, -1),
  redis.call('GET', LEDGER), blocks}
