-- What every script about one session begins with.
--
-- KEYS  1 meta (hash)      2 live (list)      3 chapters (list)  4 ledger (string)   5 archive (list)
--       6 inbox (list)     7 lock (string)    8 offer (string)   9 replies (list)   10 media (hash)
--       11 due (sorted set)  12 compactions (sorted set)  13 meter (hash)
-- ARGV  1 time to live, ms, of a session without one of its own
--       2 pub/sub channel on which the end of a reply is told
--       3 the session's name, as it stands in the sorted sets
--       4… the script's own, ARGS from here on
local META, LIVE, CHAPTERS, LEDGER, ARCHIVE, INBOX, LOCK, OFFER, REPLIES, MEDIA, DUE, COMPACTIONS, METER =
  unpack(KEYS)
local CHANNEL, NAME = ARGV[2], ARGV[3]
local ARGS = {unpack(ARGV, 4)}

-- The server's clock, in ms: no two clients agree about the time.
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)

local DEFAULT_TTL = tonumber(ARGV[1])
local TTL, BEGAN = unpack(redis.call('HMGET', META, 'ttl', 'created_at')) -- BEGAN: false where there is no session
TTL = tonumber(TTL) or DEFAULT_TTL

local function reply_key(id)
  return string.sub(META, 1, -5) .. 'reply:' .. id
end

-- When a session of this name was deleted, if it was. What stays of it does not tell its name.
local function deleted_key()
  return string.match(METER, '^(.*:)') .. 'deleted:' .. redis.sha1hex(NAME)
end

-- How long what belongs to the session lives from here: TTL, but what was accepted is answered first. While
-- anything waits or is in work, it is longer than any pause that a model asks for.
local DAY = 86400000
local function life()
  return TTL < 2 * DAY and redis.call('LLEN', INBOX) > 0 and 2 * DAY or TTL
end

-- For how long it is noted that a session was deleted, and how old a turn may be that comes from a spool into one that
-- may have been: what was accepted is not bound to a short time to live.
local function deleted_life()
  return math.max(DEFAULT_TTL, 2 * DAY)
end

-- How an expiry is set. What only reads says redis.pcall: a server that takes no writes is read all the same.
local write = redis.call

-- Accesses within a ten-thousandth of a life are one, in a week a minute: the first of them sets the expiry, and those
-- that only read write nothing. Returns how long the key is to live yet, or false where that has to be set.
local function set_lately(key, ms)
  local left = redis.call('PTTL', key)
  return left <= ms and left >= ms - ms / 10000 and left
end

-- A reply lives as long, from its last access, and as its idempotency key, which leads to it.
local function reply_life(id)
  local ms = life()
  if ms >= DAY then
    return ms
  end
  local idem = redis.call('HGET', reply_key(id), 'idem')
  return (idem and idem ~= '') and DAY or ms
end

local function keep_reply(id)
  redis.call('PEXPIRE', reply_key(id), reply_life(id))
end

local function read_reply(id)
  local ms = reply_life(id)
  if not set_lately(reply_key(id), ms) then
    write('PEXPIRE', reply_key(id), ms)
  end
end

-- Begin the session, if it is not there. Returns 1 when it was not.
local function open()
  if BEGAN then
    return 0
  end
  BEGAN = string.format('%d', NOW)
  redis.call('HSETNX', META, 'created_at', BEGAN)
  redis.call('HSET', META, 'v', 1, 'last', 0, 'watermark', 0, 'context_tokens', 0, 'fence', 0)
  return 1
end

-- Count something in a session that is still there: a late call must not bring a deleted one back.
local function count(field)
  if BEGAN then
    redis.call('HINCRBY', META, field, 1)
  end
end

-- Let an index live for `ms` from here at least: it outlives each session in it. By an hour, or each access would
-- have to lengthen it.
local function outlive(set, ms)
  local left = redis.call('PTTL', set)
  if left ~= -2 and left < ms then
    write('PEXPIRE', set, ms + 3600000)
  end
end

-- Every script is an access: from here on the session lives on, with all that belongs to it, and all of it ends in the
-- same moment. The keys are those that the script may have made, or set anew: they have no expiry yet.
local function keep(...)
  local ms = life()
  local left = set_lately(META, ms)
  if left then
    for _, key in ipairs({...}) do
      redis.call('PEXPIRE', key, left)
    end
    return
  end
  for _, key in ipairs({META, LIVE, CHAPTERS, LEDGER, ARCHIVE, INBOX, OFFER, REPLIES, MEDIA}) do
    write('PEXPIRE', key, ms)
  end
  outlive(DUE, ms)
  outlive(COMPACTIONS, ms)
end

-- Note that somebody should look at this session at `at`, and since when a compaction of it has been due.
local function index(set, at)
  if set == COMPACTIONS and not redis.call('ZSCORE', set, NAME) then
    redis.call('HSET', META, 'compaction_since', NOW)
  end
  redis.call('ZADD', set, at, NAME)
  outlive(set, math.max(at - NOW, 0) + life())
end
