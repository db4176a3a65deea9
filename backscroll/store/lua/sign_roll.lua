-- Write a worker into the roll, and strike out those that have not signed lately.
--
-- KEYS    1 roll (hash): by a worker's name, when it signed (ms) and, behind a space, what it tells of itself
-- ARGV    1 name  2 what it tells of itself  3 life, ms: for how long it is in the roll
-- Result  nil
-- Replay  signs anew.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local name, told, life = ARGV[1], ARGV[2], tonumber(ARGV[3])
local roll = redis.call('HGETALL', KEYS[1])
for i = 1, #roll, 2 do
  if tonumber(string.match(roll[i + 1], '^%d+')) < now - life then
    redis.call('HDEL', KEYS[1], roll[i])
  end
end
redis.call('HSET', KEYS[1], name, string.format('%d ', now) .. told)
redis.call('PEXPIRE', KEYS[1], life)
return nil
