-- Write a finished turn: both messages or neither. uses: session, media, events, reply, meter, offer, turn
--
-- ARGS    1 token  2 '1': begin the next turn for the same holder  3 lease, ms  4 attempts  5 bytes  6 what will be
--         remembered once this is written (see claim)
--         7 reply id  8 status  9 user message  10 model message  11 seq of the last message before these
--         12 measured tokens of the context  13 where the compaction comes from that is due, or ''  14 grace, ms, of a doorbell
--         15 '1': the context's tokens are estimated  16 tokens of this turn, or '' where they were not measured
--         17 their bucket in the meter  18 batches of events that were not told yet, see parts/events.lua
--         19 the answer's parts  20 the version that answered  21 usage
--         22 bytes that all media may have together  23… media of the answer, see parts/media.lua
-- Result  {'lost'}: the session is not ours, nothing was written
--         {'no room', bytes}: so many the session's media have already, nothing was written
--         {'done', ring for compaction, {'idle'} | {'turn', …} | {'released', ring}}
-- Replay  what this token wrote is not written again; the rest of the result is the same.
local token, next_turn, lease, max_attempts, budget, known, id, status, user, model, last, tokens, due, grace,
  estimated, turn_tokens, bucket, events, parts, answered_by, usage, room = unpack(ARGS)

local found = redis.call('HMGET', reply_key(id), 'status', 'token', 'told')
local written = found[1] == status and found[2] == token
local ring = 0
if not written then
  local ours = redis.call('GET', LOCK) == token and redis.call('LINDEX', INBOX, 0) == id
  if not ours or redis.call('HGET', META, 'last') ~= last then
    count('stale_writes')
    keep()
    return {'lost'}
  end
  local held = keep_media(tonumber(room), {unpack(ARGS, 23)})
  if held then
    return {'no room', held}
  end
  redis.call('RPUSH', LIVE, user, model)
  redis.call('HSET', META, 'last', last + 2, 'context_tokens', tokens, 'estimated', estimated,
    'written', id .. ' ' .. token)
  redis.call('HINCRBY', META, 'turns', 1)
  if turn_tokens ~= '' then
    measure('turns', 1, 'tokens', turn_tokens, 'histogram:' .. bucket, 1)
  end
  tell_batches(id, found[3], events)
  end_reply(id, status, 'seq', last + 1, 'parts', parts, 'answered_by', answered_by, 'usage', usage)
  -- An offer that waits is applied below: whether one more is due, the next turn will tell.
  if due ~= '' and redis.call('EXISTS', OFFER) == 0 and not redis.call('ZSCORE', COMPACTIONS, NAME) then
    index(COMPACTIONS, NOW + grace)
    redis.call('HSET', META, 'compaction_origin', due)
    ring = 1
  end
  keep(LIVE, MEDIA)
end
if redis.call('GET', LOCK) ~= token then
  return {'done', ring, {'released', 0}} -- a replay after the lock went on
end
return {'done', ring, hand_over(next_turn, token, lease, max_attempts, budget, known)}
