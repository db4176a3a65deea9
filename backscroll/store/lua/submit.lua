-- Accept a message: put a reply on the session's inbox. uses: session
--
-- ARGS    1 reply id  2 request: parts as JSON  3 model, or ''  4 inbox limit  5 grace, ms, of a doorbell
--         6 '1': refuse when anything waits or is in work
--         7 idempotency key's Redis key, or ''  8 fingerprint of the body
-- Result  {'accepted', id, position, ring}   ring 1: nobody is there to hear of it, ring the doorbell
--         {'full', waiting} | {'busy', waiting} | {'reused'}: the idempotency key came with another body
-- Replay  the same id, or the same idempotency key, gives the same reply and adds nothing.
local id, request, model, limit, grace, reject, idem, fingerprint = unpack(ARGS)

local first = id
if idem ~= '' then
  local seen = redis.call('HMGET', idem, 'reply', 'fingerprint')
  if seen[1] and seen[2] ~= fingerprint then
    return {'reused'}
  end
  first = seen[1] or id
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
  return 1
end

if redis.call('EXISTS', reply_key(first)) == 1 then
  local position = redis.call('LPOS', INBOX, first)
  return {'accepted', first, position or -1, position and must_ring() or 0}
end

local waiting = redis.call('LLEN', INBOX)
if reject == '1' and waiting > 0 then
  return {'busy', waiting}
end
if waiting >= tonumber(limit) then
  return {'full', waiting}
end

if redis.call('HSETNX', META, 'created_at', NOW) == 1 then
  redis.call('HSET', META, 'v', 1, 'last', 0, 'watermark', 0, 'context_tokens', 0, 'fence', 0)
end
redis.call('HSET', reply_key(id), 'status', 'queued', 'request', request, 'model', model,
  'attempts', 0, 'created_at', NOW, 'idem', idem)
redis.call('PEXPIRE', reply_key(id), TTL)
if idem ~= '' then
  redis.call('HSET', idem, 'reply', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', idem, math.min(TTL, 86400000))
end
redis.call('RPUSH', INBOX, id)
redis.call('RPUSH', REPLIES, id)
for _ = 1, 2 do -- forget two of the expired for each new one, so that the list stays as long as what it lists
  local oldest = redis.call('LINDEX', REPLIES, 0)
  if redis.call('EXISTS', reply_key(oldest)) == 0 then
    redis.call('LPOP', REPLIES)
  end
end
keep()
return {'accepted', id, waiting, must_ring()}
