-- Lengthen the lease while the session is ours. uses: session
--
-- ARGS    1 token  2 lease, ms
-- Result  1 ours | 0 lost
-- Replay  harmless.
if redis.call('GET', LOCK) ~= ARGS[1] then
  return 0
end
redis.call('PEXPIRE', LOCK, ARGS[2])
index(DUE, NOW + ARGS[2])
return 1
