-- What becomes of a reply, told to who streams it: a stream, and a pub/sub channel of the same name. uses: session
--
-- An event is one entry with one field: its kind, and its data as JSON. Its id is the entry's.

local EVENTS_LIFE = 3600000 -- an hour, ms: beside the reply, which has all that lasts

local function events_key(id)
  return string.sub(META, 1, -5) .. 'events:' .. id
end

-- Tell one event, and give its id. A status voids what was told before it: to who comes later, that is not told
-- at all. Trimmed and not deleted, or an id could be given twice.
local function tell(id, kind, data)
  local key = events_key(id)
  if kind == 'status' then
    redis.call('XTRIM', key, 'MAXLEN', 0)
  end
  local event = redis.call('XADD', key, '*', kind, data)
  redis.call('PEXPIRE', key, math.min(life(), EVENTS_LIFE))
  redis.call('PUBLISH', key, event .. ' ' .. kind .. ' ' .. data)
  return event
end

local function tell_status(id, status, attempt)
  tell(id, 'status', '{"status":"' .. status .. '","attempt":' .. attempt .. '}')
end

-- Tell what the holder has heard of the answer: numbered batches, of which those up to `told` were told before.
-- Each is {number, {{kind, data}, …}}; `packed` is '' when there is nothing.
local function tell_batches(id, told, packed)
  if packed == '' then
    return
  end
  for _, batch in ipairs(cmsgpack.unpack(packed)) do
    if batch[1] > tonumber(told or 0) then
      for _, event in ipairs(batch[2]) do
        tell(id, event[1], event[2])
      end
      redis.call('HSET', reply_key(id), 'told', batch[1])
    end
  end
end
