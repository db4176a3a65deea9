-- The change that a compaction makes to a session. uses: session, meter
--
-- A change is {id, from, to, chapter, blocks, saved, ledger, ledger_change, merge_first, merge_count, merged}: it
-- covers the messages after seq `from` up to `to` with `chapter`, and moves them, as archive `blocks`, out of the
-- context, which loses `saved` tokens. `ledger` replaces the one that is there, unless it is ''; `ledger_change`
-- makes it of that one, unless it is ''. `merged` replaces the `merge_count` chapters from index `merge_first` on,
-- unless that count is 0.

local function merge_chapters(first, count, merged)
  redis.call('LSET', CHAPTERS, first, merged)
  for each = first + 1, first + count - 1 do
    redis.call('LSET', CHAPTERS, each, '') -- as no chapter is
  end
  redis.call('LREM', CHAPTERS, 0, '')
end

-- Make the change if the watermark is still the one it was computed from: then the chapters are, too, since
-- whatever changes them moves it. Nothing behind `to` is touched.
local function apply(change)
  local watermark, tokens, last_change = unpack(redis.call('HMGET', META, 'watermark', 'context_tokens', 'last_change'))
  if tonumber(watermark) ~= change.from then
    discard()
    return false
  end
  redis.call('LTRIM', LIVE, change.to - change.from, -1)
  local merge_first, merge_count = change.merge_first or 0, change.merge_count or 0
  if merge_count > 0 then
    merge_chapters(merge_first, merge_count, change.merged)
  end
  redis.call('RPUSH', CHAPTERS, change.chapter)
  redis.call('RPUSH', ARCHIVE, unpack(change.blocks))
  if (change.ledger or '') ~= '' then
    redis.call('SET', LEDGER, change.ledger)
  end
  -- Who knows what the change before this one left needs no more than what this one made of it: parts/context.lua.
  local made = string.format('%s %s %d %d', last_change or '', change.id, merge_first, merge_count)
  redis.call('HSET', META, 'watermark', change.to, 'last_change', change.id, 'made', made,
    'ledger_change', change.ledger_change or '', 'context_tokens', math.max(tonumber(tokens) - change.saved, 0),
    'estimated', 1, 'refused_in_row', 0)
  redis.call('HDEL', META, 'refused_lately', 'restored')
  tally('compactions', 1)
  tally('tokens_saved', change.saved)
  keep(CHAPTERS, LEDGER, ARCHIVE)
  return true
end

-- Apply the change that waits, if there is one. Only for who holds the lock, or when nobody does.
local function apply_offer()
  local offer = redis.call('GET', OFFER)
  if not offer then
    return false
  end
  redis.call('DEL', OFFER)
  local applied = apply(cmsgpack.unpack(offer))
  if redis.call('HEXISTS', META, 'forced') == 1 then
    index(COMPACTIONS, NOW) -- asked for behind the offer, and not to be begun before it was made
  end
  return applied
end
