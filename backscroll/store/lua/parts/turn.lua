-- Taking up the next turn, or letting go of the session. uses: session, events, reply, meter, offer, context

-- Free the lock. Returns 1 when someone has to ring for what still waits in the inbox.
local function release()
  redis.call('DEL', LOCK)
  if redis.call('LLEN', INBOX) == 0 then
    redis.call('ZREM', DUE, NAME)
    return 0
  end
  index(DUE, NOW)
  return 1
end

-- Hold the lock as `token` and start the head of the inbox; free the lock when nothing waits.
-- Returns {'idle'}, or {'turn', id, reply, settings, context}: `reply` are its request, model, attempts, created_at,
-- put_off and origin; `context` is that of parts/context.lua.
local function begin(token, lease, max_attempts, budget, known)
  apply_offer()
  while true do
    local id = redis.call('LINDEX', INBOX, 0)
    if not id then
      release()
      return {'idle'}
    end
    local key = reply_key(id)
    local status, holder = unpack(redis.call('HMGET', key, 'status', 'token'))
    local mine = status == 'in_progress' and holder == token -- a replayed call: the same answer
    if not status then
      redis.call('LPOP', INBOX) -- its reply has expired: nobody can ask for it any more
    elseif not mine and tonumber(redis.call('HGET', key, 'attempts')) >= max_attempts then
      -- Without a token: the last holder, should it come back, must not take this end for its own.
      end_reply(id, 'failed', 'token', '', 'error',
        '{"code":"worker_lost","message":"every worker that took up this turn was lost","retryable":true}')
      keep()
    else
      if not mine then
        local attempt = redis.call('HINCRBY', key, 'attempts', 1)
        redis.call('HSET', key, 'status', 'in_progress', 'token', token, 'started_at', NOW, 'told', 0)
        tell_status(id, 'in_progress', attempt)
      end
      redis.call('SET', LOCK, token, 'PX', lease)
      index(DUE, NOW + lease)
      keep_reply(id)
      keep()
      return {'turn', id,
        redis.call('HMGET', key, 'request', 'model', 'attempts', 'created_at', 'put_off', 'origin'),
        redis.call('HGET', META, 'settings'), context(budget, known)}
    end
  end
end

-- After a turn's end: begin the next one for the same holder, or let go.
-- Returns what `begin` returns, or {'released', ring}.
local function hand_over(next_turn, token, lease, max_attempts, budget, known)
  if next_turn == '1' then
    return begin(token, tonumber(lease), tonumber(max_attempts), tonumber(budget), known)
  end
  apply_offer()
  return {'released', release()}
end
