"""Celery's consumer without the talk among workers that nothing here needs, and quick to come back.

`mingle` holds up every start by a second, and `gossip` has each worker hear of every other one. The
command-line flags `--without-mingle --without-gossip` do the same, and would have to be remembered.

Celery looks for a lost broker after 2, 4, 6 and so on up to 30 seconds: bells would ring there unheard.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery.worker import consumer

log = logging.getLogger(__name__)

_RECONNECT = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 2.0}


class Consumer(consumer.Consumer):
    """What takes messages from the broker; `inspect` and `control` work as ever."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[valid-type,misc]
        """The steps of a start, without the 28 queues for delayed messages: a bell is never delayed."""

        default_steps = tuple(
            step for step in consumer.Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_options"] = {
            **(kwargs.get("worker_options") or {}),
            "without_mingle": True,
            "without_gossip": True,
        }
        super().__init__(*args, **kwargs)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however often that takes."""
        conn.ensure_connection = partial(conn.ensure_connection, **_RECONNECT)
        return super().ensure_connected(conn)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Close the lost connection.

        kombu gives back what was not acknowledged yet, and where the broker refuses connections at that very
        moment, it looks for an address that it has forgotten already: the worker would end of it.
        """
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError:
            log.debug("a connection to the broker was not closed in good order")
