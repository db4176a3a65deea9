-- Bring archived messages back into the context: the reverse of the newest changes. uses: session
--
-- ARGS    1 token of this restore  2 watermark it was computed from  3 compactions made until then
--         4 the new watermark  5 how many chapters go  6 how many archive blocks go  7 tokens of the context
--         8 ledger, or '': it goes  9 the messages, newest first, as a msgpack array
-- Result  'restored' | 'busy': a turn is in work | 'moved': look again, the history has moved on, or is gone
-- Replay  a restore that was made is not made a second time.
local token, from, made, to, chapters, blocks, tokens, ledger, messages = unpack(ARGS)

local watermark, compactions, last_change =
  unpack(redis.call('HMGET', META, 'watermark', 'compactions', 'last_change'))
if last_change == token then
  return 'restored'
end
if redis.call('EXISTS', LOCK) == 1 then
  return 'busy'
end
if watermark ~= from or compactions ~= made or redis.call('EXISTS', OFFER) == 1 then
  return 'moved'
end

for _, message in ipairs(cmsgpack.unpack(messages)) do
  redis.call('LPUSH', LIVE, message)
end
redis.call('LTRIM', CHAPTERS, 0, -chapters - 1)
redis.call('LTRIM', ARCHIVE, 0, -blocks - 1)
if ledger == '' then
  redis.call('DEL', LEDGER)
else
  redis.call('SET', LEDGER, ledger)
end
redis.call('HSET', META, 'watermark', to, 'context_tokens', tokens, 'estimated', 1, 'restored', 1,
  'last_change', token)
-- Neither one in work nor one that is due may undo it: it takes a new reason.
redis.call('HDEL', META, 'compaction', 'compaction_until', 'compaction_forced', 'forced', 'forced_keep', 'made',
  'ledger_change')
redis.call('ZREM', COMPACTIONS, NAME)
keep(LIVE, LEDGER)
return 'restored'
