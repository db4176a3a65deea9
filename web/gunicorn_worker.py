"""gunicorn's gevent worker, which ends within a second or two when it is told to.

The original waits its whole `graceful_timeout` for connections on which clients only might ask something
again, and for requests that wait for a reply. Here the former are closed, and the latter are answered with
the reply as it stands; streams of events end behind a whole event. Nobody is cut off in the middle.
"""

from __future__ import annotations

from typing import Any

import gevent
from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName, ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.ggevent import GeventWorker

_HANDING_BACK = 2.0


class _Idle(gevent.Timeout):
    """The wait for a connection's next request; ends early, in good order, when the worker does."""

    def __init__(self, seconds: float, waiting: set[_Idle]) -> None:
        super().__init__(seconds, False)  # type: ignore[arg-type]  # False: the stubs forgot it
        self._waiting = waiting
        self._greenlet = gevent.getcurrent()

    def __enter__(self) -> _Idle:
        self._waiting.add(self)
        super().__enter__()
        return self

    def __exit__(self, *raised: Any) -> Any:
        self._waiting.discard(self)
        return super().__exit__(*raised)

    def end(self) -> None:
        gevent.kill(self._greenlet, self)


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Named by its path in `gunicorn_conf.py`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: set[_Idle] = set()

    def run(self) -> None:
        """Serve until the end, and go when what was answered here is handed back."""
        super().run()
        if not self.wsgi.extensions["backscroll"].inline.wait(_HANDING_BACK):
            self.log.warning("what was answered here is left to the sweep")

    def timeout_ctx(self) -> _Idle:
        """Wait for the next request on a connection that is kept alive."""
        return _Idle(self.cfg.keepalive if self.alive else 0, self._idle)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse what cannot be read. Nothing of it is logged: nobody knows what it holds."""
        of_ours = isinstance(exc, InvalidResponseHeader | InvalidResponseHeaderName)
        if of_ours or not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        from web import unreadable  # not before gevent has patched what it imports

        self.log.warning("refused what is no request: %s", type(exc).__name__)
        try:
            write_nonblock(client, unreadable.response(exc))
        except OSError:
            self.log.debug("who sent it has gone")

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Take SIGTERM. The rest happens outside of the signal's handler, where it may block."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._let_go)

    def _let_go(self) -> None:
        for idle in tuple(self._idle):
            idle.end()
        self.wsgi.extensions["backscroll"].release()
