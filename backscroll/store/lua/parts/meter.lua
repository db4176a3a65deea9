-- What a shard counts of its turns and its compactions, all its sessions together. uses: session
--
-- Only ever added to, and only by scripts whose replay is told from the first run: what several workers
-- count adds up, and nothing counts twice.

local METER_LIFE = 7776000000 -- 90 days, ms

-- Count for the shard: name, by how much, name, …
local function measure(...)
  local counted = {...}
  for i = 1, #counted, 2 do
    redis.call('HINCRBY', METER, counted[i], counted[i + 1])
  end
  redis.call('PEXPIRE', METER, METER_LIFE)
end

-- Count for the session, which is there, and for the shard.
local function tally(field, by)
  if tonumber(by) ~= 0 then
    redis.call('HINCRBY', META, field, by)
    measure(field, by)
  end
end

-- Count what summaries cost: calls of the model, tokens that it read, tokens that it wrote.
local function spend(calls, input, output)
  tally('summary_calls', calls)
  tally('summary_input_tokens', input)
  tally('summary_output_tokens', output)
end

-- Count a change that came too late. A deleted session must not be brought back by it.
local function discard()
  if BEGAN then
    tally('discarded', 1)
  end
end
