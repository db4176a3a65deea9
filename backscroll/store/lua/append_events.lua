-- Tell what was heard of an answer that is still coming. uses: session, events
--
-- ARGS    1 token  2 reply id  3 batches of events, see parts/events.lua
-- Result  1 told | 0 the turn is not ours any more, or over: nothing was told, and nothing more need be
-- Replay  a batch that was told is not told again.
local token, id, batches = unpack(ARGS)
local status, told = unpack(redis.call('HMGET', reply_key(id), 'status', 'told'))
-- Who holds the lock may be at the next turn already.
if status ~= 'in_progress' or redis.call('GET', LOCK) ~= token then
  return 0
end
tell_batches(id, told, batches)
return 1
