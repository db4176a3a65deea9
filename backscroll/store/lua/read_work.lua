-- Tell how much work waits in one shard, and for how long: names no session.
--
-- KEYS    1 due (sorted set)  2 compactions (sorted set)
-- ARGV    1 how many sessions of each set to look at, the longest unseen ones first
-- Result  {sessions with turns, of them locked, their replies, ms since the oldest of those was accepted,
--         sessions with a compaction due, ms since the first of them was, and for how many ms the most overdue
--         turn and compaction have been left alone}; -1 ms where there is none, 0 where none is overdue
-- Replay  harmless.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local base = string.sub(KEYS[1], 1, -4) -- without 'due'
local most = tonumber(ARGV[1])

-- What a session's key gives, and nothing where that is an error: one that was damaged must not hide all others.
local function sound(found)
  return type(found) ~= 'table' and found
end

local function age(since, oldest)
  since = since and tonumber(since)
  return since and math.max(oldest, now - since) or oldest
end

local locked, replies, waited = 0, 0, -1
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, most - 1)) do
  local key = base .. name .. ':'
  local head = sound(redis.pcall('LINDEX', key .. 'inbox', 0))
  if head then
    locked = locked + redis.call('EXISTS', key .. 'lock')
    replies = replies + redis.call('LLEN', key .. 'inbox')
    waited = age(sound(redis.pcall('HGET', key .. 'reply:' .. head, 'created_at')), waited)
  end
end

local lag = -1
for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, most - 1)) do
  lag = age(sound(redis.pcall('HGET', base .. name .. ':meta', 'compaction_since')), lag)
end

-- What is in work counts, too, and is not overdue.
local function overdue(set)
  local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  return math.max(0, now - tonumber(first[2] or now))
end
return {redis.call('ZCARD', KEYS[1]), locked, replies, waited, redis.call('ZCARD', KEYS[2]), lag,
  overdue(KEYS[1]), overdue(KEYS[2])}
