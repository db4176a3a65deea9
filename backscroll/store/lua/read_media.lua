-- Read media that messages refer to. uses: session
--
-- ARGS    1… tag of each (see backscroll/cipher.py): its SHA-256, or what stands for it; none: list the tags
-- Result  the media in this order, nil for those that are not there; or the tags of all; {}: there is no such session
-- Replay  harmless.
write = redis.pcall
if not BEGAN then
  return {}
end
keep()
if #ARGS == 0 then
  local tags = redis.call('HKEYS', MEDIA)
  for at = #tags, 1, -1 do
    if tags[at] == 'bytes' then
      table.remove(tags, at)
    end
  end
  return tags
end
return redis.call('HMGET', MEDIA, unpack(ARGS, 1))
