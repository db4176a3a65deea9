-- Note that a compaction was asked for, whether it is due or not. uses: session
--
-- ARGS    1 token of this request  2 how many turns stay verbatim, or '': as many as ever
--         3 grace, ms, of a doorbell  4 where it comes from, see submit
-- Result  1 noted | 0 there is no such session
-- Replay  at worst asks once more, and the compaction finds nothing left to cover.
local token, turns, grace, origin = unpack(ARGS)
if not BEGAN then
  return 0
end
redis.call('HSET', META, 'forced', token, 'forced_keep', turns, 'compaction_origin', origin)
local holder, busy_until = unpack(redis.call('HMGET', META, 'compaction', 'compaction_until'))
-- The end of the one in work will find the request, and that of its lease, should it never end.
if not holder or tonumber(busy_until) <= NOW then
  index(COMPACTIONS, NOW + grace)
end
keep()
return 1
