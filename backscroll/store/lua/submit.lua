-- Accept a message: put a reply on the session's inbox. uses: session, media
--
-- ARGS    1 reply id  2 request: parts as JSON  3 model, or ''  4 inbox limit  5 grace, ms, of a doorbell
--         6 when anything waits or is in work: 'queue', 'reject', or 'merge' with the last that waits
--         7 bytes that a merged request may have
--         8 the request's tokens, as estimated  9 tokens that a request and the session's settings may have together
--         10 idempotency key's Redis key, or ''  11 fingerprint of the body
--         12 where it comes from, for logs and traces: backscroll/origin.py
--         13 channel on which the reply is told when it ends, or ''
--         14 the broker's database on this server, or ''  15 its list for bells  16 the bell: backscroll/bells.py
--         17 bytes that all media may have together  18… media that it refers to, see parts/media.lua
-- Result  {'accepted', id, position, ring, new}   ring 1: nobody is there to hear of it, and no bell was rung;
--         new 0: this message was accepted before; position -1: its reply waits no more
--         {'too large', tokens}: so many the session's settings have, and the request does not fit beside them
--         {'full', waiting} | {'busy', waiting} | {'reused', fingerprint}: the idempotency key came with another body
--         {'no room', bytes}: so many the session's media have already, and no more of this message's fit
-- Replay  the same id, or the same idempotency key, gives the same reply and adds nothing.
local id, request, model, limit, grace, on_busy, most, tokens, ceiling, idem, fingerprint, origin, waiter,
  database, queue, bell, room = unpack(ARGS)
local media = {unpack(ARGS, 18)}
-- Sealed or not, what is stored of them has a few bytes more than what a model is sent, and four are a token.
local settings = math.ceil(#(redis.call('HGET', META, 'settings') or '') / 4)

-- Whether a model can be sent a request of so many tokens: all else can be left out, this and the settings cannot.
local function fits(size)
  return size + settings <= tonumber(ceiling)
end

-- The last thing that is done: what came behind would be done in the broker's database. Refused, it was not rung.
local function rung()
  if database == '' or redis.pcall('SELECT', database).err then
    return false
  end
  return type(redis.pcall('LPUSH', queue, bell)) == 'number'
end

local function must_ring()
  -- A holder sees the inbox when it commits; a bell that was just rung is still on its way.
  if redis.call('EXISTS', LOCK) == 1 then
    return 0
  end
  local look = tonumber(redis.call('ZSCORE', DUE, NAME) or 0)
  if look > NOW then
    return 0
  end
  index(DUE, NOW + grace)
  return rung() and 0 or 1
end

local function accepted(reply, new)
  keep(INBOX, REPLIES, MEDIA)
  local position = redis.call('LPOS', INBOX, reply)
  return {'accepted', reply, position or -1, position and must_ring() or 0, new}
end

local function remember(reply)
  if idem ~= '' then
    redis.call('HSET', idem, 'reply', reply, 'fingerprint', fingerprint, 'session', BEGAN)
    redis.call('PEXPIRE', idem, DAY)
  end
end

-- The last message that waits, if it can take this one in: one for the same model, with the room.
local function takes_in()
  local last = redis.call('LINDEX', INBOX, -1)
  local waits = last and redis.call('HMGET', reply_key(last), 'status', 'model', 'request', 'tokens')
  if not waits or waits[1] ~= 'queued' or waits[2] ~= model or #waits[3] + #request > tonumber(most) then
    return nil
  end
  if not waits[4] or not fits(waits[4] + tokens) then -- one that an earlier version accepted does not tell
    return nil
  end
  return last, waits[3]
end

-- Two JSON arrays become one, whatever their elements hold (store/content.py), and a replay of this id is led to the reply that took it in.
local function merge(last, said)
  redis.call('HSET', reply_key(last), 'request', string.sub(said, 1, -2) .. ',' .. string.sub(request, 2),
    'took_in', 1)
  redis.call('HINCRBY', reply_key(last), 'tokens', tokens)
  redis.call('HSET', reply_key(id), 'merged_into', last, 'idem', idem)
  keep_reply(id)
  redis.call('RPUSH', REPLIES, id)
end

if idem ~= '' then
  local seen = redis.call('HMGET', idem, 'reply', 'fingerprint', 'session')
  -- A key of an earlier session of this name, which is gone, says nothing.
  if seen[1] and seen[3] == BEGAN then
    if seen[2] ~= fingerprint then
      return {'reused', seen[2]}
    end
    return accepted(seen[1], 0)
  end
end
local found = redis.call('HMGET', reply_key(id), 'status', 'merged_into')
if found[1] or found[2] then
  return accepted(found[2] or id, 0)
end

if not fits(tonumber(tokens)) then
  return {'too large', settings}
end
local waiting = redis.call('LLEN', INBOX)
if on_busy == 'reject' and waiting > 0 then
  return {'busy', waiting}
end
local into, said
if on_busy == 'merge' then
  into, said = takes_in()
end
if not into and waiting >= tonumber(limit) then
  return {'full', waiting}
end
-- Only now: what is turned away leaves nothing behind. And before the message: it may not refer to what is not there.
local held = keep_media(tonumber(room), media)
if held then
  return {'no room', held}
end
if into then
  merge(into, said)
  remember(into)
  return accepted(into, 1)
end

open()
remember(id)
redis.call('HSET', reply_key(id), 'status', 'queued', 'request', request, 'tokens', tokens,
  'model', model, 'attempts', 0, 'created_at', NOW, 'idem', idem, 'origin', origin)
if waiter ~= '' then
  redis.call('HSET', reply_key(id), 'waiter', waiter)
end
redis.call('RPUSH', INBOX, id)
keep_reply(id)
redis.call('RPUSH', REPLIES, id)
for _ = 1, 2 do -- forget two of the expired for each new one, so that the list stays as long as what it lists
  local oldest = redis.call('LINDEX', REPLIES, 0)
  if redis.call('EXISTS', reply_key(oldest)) == 0 then
    redis.call('LPOP', REPLIES)
  end
end
return accepted(id, 1)
