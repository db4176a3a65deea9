"""Connections to one fixed server, held between calls.

redis-py's own pool looks at a connection each time it gives one out, counts it twice and locks twice, which
takes as long as all the rest of a call. Here one that was used a moment ago is taken as it is: whoever calls
tries again where that was wrong, and from the first failure on all of them are looked at.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from redis.connection import ConnectionPool
from redis.exceptions import RedisError, ResponseError

# Seconds for which a connection is taken for sound after its last answer.
_SOUND = 1.0


class Held:
    """Sends commands over connections of `pool`, as many as there are calls at a time; no more than it has.

    Threads may share it.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        # The newest last, with the time of its last use.
        self._idle: deque[tuple[Any, float]] = deque()
        self._failed_at = 0.0

    def send(self, words: Sequence[str | bytes | int]) -> Any:
        """Send one command, once, and give its answer as the server gave it.

        Raises:
            redis.exceptions.ResponseError: what the server said.
            redis.exceptions.RedisError: it could not be asked, or did not answer.
        """
        connection = self._take()
        try:
            connection.send_command(*words, check_health=False)
            return connection.read_response()
        except ResponseError:
            raise
        except BaseException:
            # Nobody may read what was meant for this call.
            connection.disconnect()
            self._failed_at = time.monotonic()
            raise
        finally:
            if connection.should_reconnect():
                connection.disconnect()
            self._idle.append((connection, time.monotonic()))

    def _take(self) -> Any:
        try:
            connection, used_at = self._idle.pop()
        except IndexError:
            return self._pool.get_connection()
        if used_at <= self._failed_at or time.monotonic() > used_at + _SOUND:
            try:
                sound = not connection.can_read()  # there is nothing to read on one that waits for a call
            except (RedisError, OSError):
                sound = False
            if not sound:
                connection.disconnect()  # the next command connects
        return connection
