-- The change that a compaction makes to a session. uses: session
--
-- A change is {id, from, to, chapter, blocks, saved}: it covers the messages after seq `from` up to `to`
-- with `chapter`, and moves them, as archive `blocks`, out of the context, which loses `saved` tokens.

-- Make the change if the watermark is still the one it was computed from. Nothing behind `to` is touched.
local function apply(change)
  local watermark = tonumber(redis.call('HGET', META, 'watermark'))
  if watermark ~= change.from then
    count('discarded')
    return false
  end
  redis.call('LTRIM', LIVE, change.to - change.from, -1)
  redis.call('RPUSH', CHAPTERS, change.chapter)
  redis.call('RPUSH', ARCHIVE, unpack(change.blocks))
  local tokens = tonumber(redis.call('HGET', META, 'context_tokens')) - change.saved
  redis.call('HSET', META, 'watermark', change.to, 'last_change', change.id,
    'context_tokens', math.max(tokens, 0), 'refused_in_row', 0)
  redis.call('HINCRBY', META, 'compactions', 1)
  keep() -- the first change makes chapters and archive
  return true
end

-- Apply the change that waits, if there is one. Only for who holds the lock, or when nobody does.
local function apply_offer()
  local offer = redis.call('GET', OFFER)
  if not offer then
    return false
  end
  redis.call('DEL', OFFER)
  return apply(cmsgpack.unpack(offer))
end
