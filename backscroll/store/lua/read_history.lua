-- Read a page of the transcript. uses: session
--
-- ARGS    1 seq after which to begin  2 how many messages
-- Result  {last seq, archive blocks that overlap the page, live messages of the page}; {} without a session
-- Replay  harmless.
write = redis.pcall
local after, limit = tonumber(ARGS[1]), tonumber(ARGS[2])
local last, watermark = unpack(redis.call('HMGET', META, 'last', 'watermark'))
if not last then
  return {}
end
keep()
watermark = tonumber(watermark)
local blocks = {}
if after < watermark then
  for _, block in ipairs(redis.call('LRANGE', ARCHIVE, 0, -1)) do
    local low, high = string.match(block, '^%d+ (%d+) (%d+)\n')
    if tonumber(high) > after and tonumber(low) <= after + limit then
      blocks[#blocks + 1] = block
    end
  end
end
local messages = {}
if after + limit > watermark then
  messages = redis.call('LRANGE', LIVE, math.max(after - watermark, 0), after + limit - watermark - 1)
end
return {last, blocks, messages}
