-- Give the session back for a while: the turn keeps its place and spends no attempt.
-- uses: session, events, meter, offer
--
-- ARGS    1 token  2 reply id  3 pause, ms; 0: only give it back
-- Result  {'lost'} | {'done'}
-- Replay  the second call finds the lock gone and changes nothing.
local token, id, pause = unpack(ARGS)

if redis.call('GET', LOCK) ~= token or redis.call('LINDEX', INBOX, 0) ~= id then
  return {'lost'}
end
redis.call('HSET', reply_key(id), 'status', 'queued', 'put_off', 1)
local attempts = redis.call('HINCRBY', reply_key(id), 'attempts', -1)
redis.call('HDEL', reply_key(id), 'token', 'started_at')
tell_status(id, 'queued', attempts)
apply_offer()
redis.call('DEL', LOCK)
redis.call('HSET', META, 'asleep_until', NOW + pause)
index(DUE, NOW + pause)
keep()
return {'done'}
