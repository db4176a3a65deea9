"""Threads that last as long as their process: no step of theirs may end them, since nobody would notice.

What one does again and again stands in a block of `survived`. Between two of them it rests, also where one
failed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backscroll.errors import StoreUnavailable, frames


def begun(name: str, run: Callable[[], object]) -> threading.Thread:
    """Start a thread for which the end of the process does not wait."""
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


@contextmanager
def survived(log: logging.Logger, what: str, *, outage: int = logging.DEBUG) -> Iterator[None]:
    """Go on behind the block, whatever it raises, and log that.

    Args:
        log: of whose block it is.
        what: is the case then, for the log: "not swept".
        outage: the level at which that is logged where the store does not serve.
    """
    try:
        yield
    except StoreUnavailable as error:
        log.log(outage, "%s: %s", what, error)
    except Exception as error:  # noqa: BLE001  # whatever it is, the next block may do
        log.error("%s: unexpected %s\n%s", what, type(error).__name__, frames(error))  # noqa: TRY400
