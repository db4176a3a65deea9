-- What the model is sent of a session, without what the caller remembers. uses: session
--
-- What it remembers is '' or, as msgpack, {version, reply id, token, first seq, last seq}: the version of the chapters
-- and the ledger, and a turn that was written, with the messages that it knows up to there. Either may be
-- out of date, or about another session of this name: backscroll/store/memory.py tells why none of it can be wrong.

local CHUNK = 64

-- The newest live messages from index `from` on, up to `budget` bytes: a history that nobody compacts must not be
-- shipped whole.
local function newest(budget, from)
  local chunks, bytes, stop = {}, 0, redis.call('LLEN', LIVE) - 1
  while bytes < budget and stop >= from do
    local chunk = redis.call('LRANGE', LIVE, math.max(from, stop - CHUNK + 1), stop)
    table.insert(chunks, 1, chunk)
    for _, message in ipairs(chunk) do
      bytes = bytes + #message
    end
    stop = stop - CHUNK
  end
  local messages = {}
  for _, chunk in ipairs(chunks) do
    for _, message in ipairs(chunk) do
      messages[#messages + 1] = message
    end
  end
  return messages
end

-- What the change `change` made of what the one before it left, if that is known: the index of the first chapter that
-- it merged, and how many. Only where it noted that itself: an older version of ours leaves the note of one before.
local function made_since(known, change, made)
  local before = string.match(known[1] or '', '^' .. BEGAN .. ' (.*)')
  if not (before and change and made) then
    return nil
  end
  local note = before .. ' ' .. change .. ' '
  if string.sub(made, 1, #note) == note then
    return string.match(made, '(%d+) (%d+)$')
  end
end

-- Returns {version, kept, chapters, changed, ledger}. Chapters and ledger are false where that version of them is known.
-- `kept` is false, or {first, count}: the known chapters are there yet, but for the `count` from index `first` on, in
-- whose place the first of `chapters` stands; the others go behind. `changed` 1: `ledger` is what changed of the
-- known one.
local function notes(known)
  local change, made, ledger_change = unpack(redis.call('HMGET', META, 'last_change', 'made', 'ledger_change'))
  local version = BEGAN .. ' ' .. (change or '')
  if known[1] == version then
    return {version, false, false, 0, false}
  end
  local first, count = made_since(known, change, made)
  if not first then
    return {version, false, redis.call('LRANGE', CHAPTERS, 0, -1), 0, redis.call('GET', LEDGER)}
  end
  local chapters = redis.call('LRANGE', CHAPTERS, -1, -1)
  if count ~= '0' then
    table.insert(chapters, 1, redis.call('LINDEX', CHAPTERS, first))
  end
  local changed = ledger_change ~= '' and 1 or 0
  return {version, {tonumber(first), tonumber(count)}, chapters, changed,
    changed == 1 and ledger_change or redis.call('GET', LEDGER)}
end

-- Give the seq up to which the live messages are known, if all of them are: the turn that was known as the last one
-- is in this history. 0: none are.
local function known_up_to(known, watermark)
  local _, reply, token, first, last = unpack(known)
  if not reply or string.match(known[1], '^%d+') ~= BEGAN or first > watermark + 1 or last <= watermark then
    return 0
  end
  local seq, by = unpack(redis.call('HMGET', reply_key(reply), 'seq', 'token'))
  return tonumber(seq) == last - 1 and by == token and last or 0
end

-- Returns {meta, notes, known, messages}: `meta` are last, watermark, context_tokens, estimated and restored; then
-- what `notes` returns; `messages` are the newest live ones behind the seq `known`, up to `budget` bytes.
local function context(budget, packed)
  local known = packed == '' and {} or cmsgpack.unpack(packed)
  local meta = redis.call('HMGET', META, 'last', 'watermark', 'context_tokens', 'estimated', 'restored')
  local watermark = tonumber(meta[2])
  local up_to = known_up_to(known, watermark)
  return {meta, notes(known), up_to, newest(budget, math.max(up_to - watermark, 0))}
end
