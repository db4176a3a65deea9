-- Read media that messages refer to. uses: session
--
-- ARGS    1… SHA-256 of each
-- Result  the media in this order, nil for those that are not there; {}: there is no such session
-- Replay  harmless.
write = redis.pcall
if redis.call('EXISTS', META) == 0 then
  return {}
end
keep()
return redis.call('HMGET', MEDIA, unpack(ARGS, 1))
