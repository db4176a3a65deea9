"""The rule for every key in a database of ours, whoever wrote it: it has an expiry (F39)."""

from __future__ import annotations

import redis as redis_py

# In one round trip: it is looked for after each test, among the keys of all tests before.
_ETERNAL = """
local found, cursor = {}, '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    if redis.call('PTTL', key) == -1 then
      found[#found + 1] = key
    end
  end
until cursor == '0'
return found
"""


def eternal(client: redis_py.Redis, pattern: str = "*") -> list[str]:
    """Name the keys like `pattern` that never expire; in all of the client's database by default."""
    return [key.decode() for key in client.eval(_ETERNAL, 0, pattern)]
