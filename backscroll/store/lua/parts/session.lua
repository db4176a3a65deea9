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
local TTL = tonumber(redis.call('HGET', META, 'ttl')) or DEFAULT_TTL

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
  return redis.call('LLEN', INBOX) > 0 and math.max(TTL, 2 * DAY) or TTL
end

-- How an expiry is set. What only reads says redis.pcall: a server that takes no writes is read all the same.
local write = redis.call

-- A reply lives as long, from its last access, and as its idempotency key, which leads to it.
local function keep_reply(id)
  local idem = redis.call('HGET', reply_key(id), 'idem')
  write('PEXPIRE', reply_key(id), (idem and idem ~= '') and math.max(life(), DAY) or life())
end

-- Begin the session, if it is not there. Returns 1 when it was not.
local function open()
  local began = redis.call('HSETNX', META, 'created_at', NOW)
  if began == 1 then
    redis.call('HSET', META, 'v', 1, 'last', 0, 'watermark', 0, 'context_tokens', 0, 'fence', 0)
  end
  return began
end

-- Count something in a session that is still there: a late call must not bring a deleted one back.
local function count(field)
  if redis.call('EXISTS', META) == 1 then
    redis.call('HINCRBY', META, field, 1)
  end
end

-- Let an index live for `ms` from here at least: it outlives each session in it.
local function outlive(set, ms)
  local left = redis.call('PTTL', set)
  if left ~= -2 and left < ms then
    write('PEXPIRE', set, ms)
  end
end

-- Every script is an access.
local function keep()
  local ms = life()
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
