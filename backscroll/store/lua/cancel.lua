-- End a reply that is not wanted any more. uses: session, reply, meter, offer, turn
--
-- ARGS    1 reply id  2 pub/sub channel on which the holder of a turn in work is told
-- Result  {'missing'} | {status, ring}: the status that the reply has now, and whether to ring for the next one
-- Replay  a reply that has ended stays as it is.
local id, dropped = unpack(ARGS)
local status, token = unpack(redis.call('HMGET', reply_key(id), 'status', 'token'))
if not status then
  return {'missing'}
end
if status ~= 'queued' and status ~= 'in_progress' then
  return {status, 0}
end
local ring = 0
end_reply(id, 'cancelled')
-- Taking the lock from the holder is what makes its late commit harmless.
if status == 'in_progress' and redis.call('GET', LOCK) == token then
  apply_offer()
  ring = release()
  redis.call('PUBLISH', dropped, NAME)
end
keep()
return {'cancelled', ring}
