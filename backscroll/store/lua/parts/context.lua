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

-- Returns version, kept, chapters, ledger: chapters and ledger are false where that version of them is known. kept 1:
-- the chapters go behind those that are known, all of which are there yet.
local function notes(known)
  local change, appended = unpack(redis.call('HMGET', META, 'last_change', 'appended'))
  local version = BEGAN .. ' ' .. (change or '')
  if known[1] == version then
    return version, 1, false, false
  end
  -- Only where `change` itself noted it: what an older version of ours changes leaves the note of one before.
  local before = string.match(known[1] or '', '^' .. BEGAN .. ' (.*)')
  if before and change and appended == before .. ' ' .. change then
    return version, 1, redis.call('LRANGE', CHAPTERS, -1, -1), redis.call('GET', LEDGER)
  end
  return version, 0, redis.call('LRANGE', CHAPTERS, 0, -1), redis.call('GET', LEDGER)
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

-- Returns {meta, version, kept, chapters, ledger, known, messages}: `meta` are last, watermark, context_tokens,
-- estimated and restored; then what `notes` returns; `messages` are the newest live ones behind the seq `known`,
-- up to `budget` bytes.
local function context(budget, packed)
  local known = packed == '' and {} or cmsgpack.unpack(packed)
  local meta = redis.call('HMGET', META, 'last', 'watermark', 'context_tokens', 'estimated', 'restored')
  local watermark = tonumber(meta[2])
  local version, kept, chapters, ledger = notes(known)
  local up_to = known_up_to(known, watermark)
  return {meta, version, kept, chapters, ledger, up_to, newest(budget, math.max(up_to - watermark, 0))}
end
