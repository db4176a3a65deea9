-- Read what the model would be sent, apart from the next message. uses: session
--
-- Result  {meta, chapters, ledger, live messages}; meta is empty when there is no such session
-- Replay  harmless.
write = redis.pcall
local meta = redis.call('HGETALL', META)
if #meta > 0 then
  keep()
end
return {meta, redis.call('LRANGE', CHAPTERS, 0, -1), redis.call('GET', LEDGER), redis.call('LRANGE', LIVE, 0, -1)}
