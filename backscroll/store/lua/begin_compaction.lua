-- Take a snapshot to summarise, without the session lock. uses: session, meter, offer, context
--
-- ARGS    1 token of this compaction  2 lease, ms: how long no second one is begun  3 bytes of messages
--         4 what the caller remembers of the context, see parts/context.lua
-- Result  {'none'}: nothing to do | {'busy'}: another one is in work
--         {'snapshot', meta, notes, known, messages, live}: meta are watermark, context_tokens, written,
--         refused_lately, forced_keep, compaction_origin and compaction_since; `notes` is what parts/context.lua
--         tells of chapters and ledger; the oldest live messages behind the seq `known`, up to the bytes, and how
--         many there are in all
-- Replay  the same token gives the snapshot again.
local token, lease, budget = ARGS[1], tonumber(ARGS[2]), tonumber(ARGS[3])

if redis.call('EXISTS', LOCK) == 0 then
  apply_offer() -- its holder died before it could
end
if redis.call('EXISTS', OFFER) == 1 then
  redis.call('ZREM', COMPACTIONS, NAME)
  return {'none'}
end
if redis.call('LLEN', LIVE) == 0 then
  redis.call('ZREM', COMPACTIONS, NAME)
  redis.call('HDEL', META, 'forced', 'forced_keep')
  return {'none'}
end
local holder, busy_until, forced, restored =
  unpack(redis.call('HMGET', META, 'compaction', 'compaction_until', 'forced', 'restored'))
if holder and holder ~= token and tonumber(busy_until) > NOW then
  return {'busy'}
end
-- A bell that was rung before a restore must not undo it.
if restored and not forced and not redis.call('ZSCORE', COMPACTIONS, NAME) then
  return {'none'}
end
redis.call('HSET', META, 'compaction', token, 'compaction_until', NOW + lease,
  'compaction_forced', forced or '')
index(COMPACTIONS, NOW + lease)
keep()

local meta = redis.call('HMGET', META, 'watermark', 'context_tokens', 'written', 'refused_lately', 'forced_keep',
  'compaction_origin', 'compaction_since')
local remembered = ARGS[4] == '' and {} or cmsgpack.unpack(ARGS[4])
local watermark = tonumber(meta[1])
local known = known_up_to(remembered, watermark)

local messages, bytes, from = {}, 0, math.max(known - watermark, 0)
while bytes < budget do
  local start = from + #messages
  local chunk = redis.call('LRANGE', LIVE, start, start + CHUNK - 1)
  if #chunk == 0 then
    break
  end
  for _, message in ipairs(chunk) do
    messages[#messages + 1] = message
    bytes = bytes + #message
  end
end
return {'snapshot', meta, notes(remembered), known, messages, redis.call('LLEN', LIVE)}
