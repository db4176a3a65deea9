-- Media that messages refer to: each content once, and all together bounded. uses: session
--
-- Media are given as tag, medium, tag, medium, …: a tag is the SHA-256, or stands for it (backscroll/cipher.py).

-- Keep media, and leave their expiry to `keep`. Where they are too many: none, and returns the bytes that are there.
local function keep_media(most, media)
  local new, bytes = {}, 0
  for i = 1, #media, 2 do
    if redis.call('HEXISTS', MEDIA, media[i]) == 0 then
      new[#new + 1] = i
      bytes = bytes + #media[i + 1]
    end
  end
  if #new == 0 then
    return
  end
  local held = tonumber(redis.call('HGET', MEDIA, 'bytes') or 0)
  if held + bytes > most then
    return held
  end
  redis.call('HSET', MEDIA, 'bytes', held + bytes)
  for _, i in ipairs(new) do
    redis.call('HSET', MEDIA, media[i], media[i + 1])
  end
end
