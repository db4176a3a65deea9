-- Bring a compaction home: change the session, or leave the change with the holder.
-- uses: session, meter, offer, compaction
--
-- ARGS    1 token of the compaction  2 watermark it was computed from  3 the new one  4 chapter
--         5 tokens that the context loses  6 '1': more is to be compacted  7 ledger, or '': it stays as it is
--         8 what changed of the ledger, or '': it is told whole to all
--         9 index of the first chapter to merge  10 how many, or 0  11 the chapter that they become
--         12 calls of the summary model  13 tokens that it read  14 tokens that it wrote  15… archive blocks
-- Result  'applied': the lock was free | 'offered': the holder applies it between two turns
--         'discarded': the history has moved on under it
-- Replay  a change that was applied, offered or discarded is not made, and not counted, a second time.
local token, from, to, chapter, saved, again, ledger, ledger_change, merge_first, merge_count, merged, calls, input,
  output = unpack(ARGS)
local change = {id = token, from = tonumber(from), to = tonumber(to), chapter = chapter,
  saved = tonumber(saved), ledger = ledger, ledger_change = ledger_change, merge_first = tonumber(merge_first),
  merge_count = tonumber(merge_count), merged = merged, blocks = {unpack(ARGS, 15)}}

local watermark, last_change, last_discarded, holder =
  unpack(redis.call('HMGET', META, 'watermark', 'last_change', 'last_discarded', 'compaction'))
if last_change == token then
  return 'applied'
end
-- A session that was deleted, or expired, meanwhile has nothing to change either.
if not watermark or last_discarded == token then
  return 'discarded'
end

local waiting = redis.call('GET', OFFER)
if waiting then
  waiting = cmsgpack.unpack(waiting)
  if waiting.id == token then
    return 'offered'
  end
end

local stale = holder ~= token or tonumber(watermark) ~= change.from
local result
if stale or (waiting and waiting.from == change.from) then
  discard() -- somebody else was first
  redis.call('HSET', META, 'last_discarded', token)
  result = 'discarded'
elseif redis.call('EXISTS', LOCK) == 0 then
  apply(change)
  result = 'applied'
else
  redis.call('SET', OFFER, cmsgpack.pack(change))
  result = 'offered'
end
spend(calls, input, output)

if holder == token then
  settle(again == '1' and NOW or nil, again ~= '1')
end
keep(OFFER)
return result
