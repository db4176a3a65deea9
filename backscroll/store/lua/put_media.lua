-- Keep media that a message is about to refer to: all of them, or none. uses: session
--
-- ARGS    1 token of who holds the session, or '': a client's  2 bytes that all media may have together
--         3… what to keep: SHA-256, media, …
-- Result  {'kept'} | {'full', bytes of those that are there} | {'lost'}: the session is not ours
-- Replay  what is there already is not kept again, whoever asks: a holder may have gone on meanwhile.
local token, most, media = ARGS[1], tonumber(ARGS[2]), {unpack(ARGS, 3)}

local new, bytes = {}, 0
for i = 1, #media, 2 do
  if redis.call('HEXISTS', MEDIA, media[i]) == 0 then
    new[#new + 1] = i
    bytes = bytes + #media[i + 1]
  end
end
if #new > 0 then
  if token ~= '' and redis.call('GET', LOCK) ~= token then
    count('stale_writes')
    return {'lost'}
  end
  local held = tonumber(redis.call('HGET', MEDIA, 'bytes') or 0)
  if held + bytes > most then
    return {'full', held}
  end
  redis.call('HSET', MEDIA, 'bytes', held + bytes)
  for _, i in ipairs(new) do
    redis.call('HSET', MEDIA, media[i], media[i + 1])
  end
end
keep()
return {'kept'}
