-- Take the session lock and the head of the inbox. uses: session, reply, meter, offer, turn
--
-- ARGS    1 token  2 lease, ms  3 attempts that a turn has  4 bytes of live messages to return
--         5 what the caller remembers of the context, see parts/context.lua
-- Result  {'busy'}: somebody holds the session, and will get to what waits
--         {'asleep'}: a model asked for a pause that is not over
--         {'idle'} | {'turn', …}: see parts/turn.lua
-- Replay  the same token gives the same turn, and counts no further attempt.
local token, lease, max_attempts, budget, known = unpack(ARGS)

local holder = redis.call('GET', LOCK)
if holder and holder ~= token then
  return {'busy'}
end
local wake = tonumber(redis.call('HGET', META, 'asleep_until') or 0)
if wake > NOW then
  index(DUE, wake)
  return {'asleep'}
end
if not holder then
  count('fence')
end
return begin(token, tonumber(lease), tonumber(max_attempts), tonumber(budget), known)
