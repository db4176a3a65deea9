-- End a turn without a message: the history stays as it was. uses: session, reply, meter, offer, turn
--
-- ARGS    1 token  2 '1': begin the next turn for the same holder  3 lease, ms  4 attempts  5 bytes  6 what is remembered (see
--         claim)  7 reply id  8 error as JSON
-- Result  {'lost'} | {'done', 0, {'idle'} | {'turn', …} | {'released', ring}}
-- Replay  as commit's.
local token, next_turn, lease, max_attempts, budget, known, id, error = unpack(ARGS)

local found = redis.call('HMGET', reply_key(id), 'status', 'token')
if not (found[1] == 'failed' and found[2] == token) then
  if redis.call('GET', LOCK) ~= token or redis.call('LINDEX', INBOX, 0) ~= id then
    count('stale_writes')
    keep()
    return {'lost'}
  end
  end_reply(id, 'failed', 'error', error)
  keep()
end
if redis.call('GET', LOCK) ~= token then
  return {'done', 0, {'released', 0}}
end
return {'done', 0, hand_over(next_turn, token, lease, max_attempts, budget, known)}
