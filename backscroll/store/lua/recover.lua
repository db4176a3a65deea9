-- Write a turn into its session that was answered while the store was away. uses: session, media, events, reply, meter, offer, turn
--
-- The session's lock is respected: the turn is written while nobody holds it, in this one step.
--
-- ARGS    1 reply id  2 status  3 when it was accepted, ms  4 when it was answered, ms  5 why without history
--         6 seq of the last message before these  7 user message, or '': the turn failed  8 model message
--         9 tokens of both  10 the answer's parts  11 the version that answered  12 usage  13 error, or ''
--         14 model that was asked for, or ''  15 idempotency key's Redis key, or ''  16 fingerprint of the body
--         17 pub/sub channel on which the holder of a turn in work is told
--         18 bytes that all media may have together  19… media that it refers to, see parts/media.lua
-- Result  {'merged', ring} | {'again'}: it was seen to before
--         {'answered'}: the message had been accepted all the same, and its answer is, or will be, in the history
--         {'deleted'}: the session was, since then | {'expired'}: or may have been, nobody knows any more
--         {'busy'}: somebody holds the session, come back later
--         {'moved', last} | {'no room', bytes}: the same again, with this seq or with less media
-- Replay  a reply that was seen to here is not seen to again.
local id, status, accepted_at, finished_at, reason, last, user, model, tokens, parts, answered_by, usage, error,
  asked, idem, fingerprint, dropped, room = unpack(ARGS)

if tonumber(redis.call('GET', deleted_key()) or 0) >= tonumber(accepted_at) then
  return {'deleted'}
end
-- A session that was there before, and still is, was not deleted since; of others, no older note is left.
local was_there = BEGAN and tonumber(BEGAN) <= tonumber(accepted_at)
if not was_there and tonumber(accepted_at) + deleted_life() < NOW then
  return {'expired'}
end

-- The reply that the same idempotency key got when the client came back before this turn was written.
local function other()
  local reply, session = unpack(idem ~= '' and redis.call('HMGET', idem, 'reply', 'session') or {})
  local valid = reply and reply ~= id and session == BEGAN
  return valid and reply
end

local found, token, recovered, merged, took_in = unpack(
  redis.call('HMGET', reply_key(id), 'status', 'token', 'recovered', 'merged_into', 'took_in'))
if recovered then
  return {'again'}
end
-- One that has taken another message in is the other's reply too, and answers both when its turn comes.
if found == 'completed' or found == 'incomplete' or found == 'cancelled' or (took_in and found ~= 'failed') then
  redis.call('HSET', reply_key(id), 'recovered', NOW)
  return {'answered'}
end
local into = merged or other()
local elsewhere = into and redis.call('HGET', reply_key(into), 'status')
if elsewhere == 'failed' or elsewhere == 'cancelled' then
  elsewhere = nil
end

local holder = redis.call('GET', LOCK)
local taken = holder and found == 'in_progress' and holder == token
if holder and not taken then
  return {'busy'}
end
local written = user ~= '' and not elsewhere
if written then
  local now = redis.call('HGET', META, 'last') or '0'
  if now ~= last then
    return {'moved', now}
  end
  local held = keep_media(tonumber(room), {unpack(ARGS, 19)})
  if held then
    return {'no room', held}
  end
end

open()
if taken then
  -- Taking the lock from the holder is what makes its late commit harmless.
  redis.call('DEL', LOCK)
  redis.call('PUBLISH', dropped, NAME)
end
apply_offer()
if written then
  redis.call('RPUSH', LIVE, user, model)
  redis.call('HSET', META, 'last', last + 2, 'estimated', 1)
  redis.call('HINCRBY', META, 'context_tokens', tokens)
  redis.call('HINCRBY', META, 'turns', 1)
end
if not found then
  redis.call('HSET', reply_key(id), 'model', asked, 'idem', idem, 'attempts', 1)
  if not merged then
    redis.call('RPUSH', REPLIES, id)
  end
end
if idem ~= '' and not elsewhere then
  redis.call('HSET', idem, 'reply', id, 'fingerprint', fingerprint,
    'session', BEGAN)
  redis.call('PEXPIRE', idem, DAY)
end
local answer = {'degraded', reason, 'recovered', NOW, 'created_at', accepted_at, 'started_at', accepted_at}
local function add(name, value)
  answer[#answer + 1], answer[#answer + 2] = name, value
end
if error ~= '' then
  add('error', error)
else
  redis.call('HDEL', reply_key(id), 'error')
  add('parts', parts)
  add('answered_by', answered_by)
  add('usage', usage)
end
if written then
  add('seq', last + 1)
end
-- What a worker has told of an answer of its own is void.
tell_status(id, 'in_progress', redis.call('HGET', reply_key(id), 'attempts'))
end_reply(id, status, unpack(answer))
redis.call('HSET', reply_key(id), 'finished_at', finished_at, 'token', '')
local ring = release()
keep(LIVE, REPLIES, MEDIA)
return {elsewhere and 'answered' or 'merged', ring}
