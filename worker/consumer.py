"""Celery's consumer without the talk among workers that nothing here needs.

`mingle` holds up every start by a second, and `gossip` has each worker hear of every other one. The
command-line flags `--without-mingle --without-gossip` do the same, and would have to be remembered.
"""

from __future__ import annotations

from typing import Any

from celery.worker import consumer


class Consumer(consumer.Consumer):
    """What takes messages from the broker; `inspect` and `control` work as ever."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_options"] = {
            **(kwargs.get("worker_options") or {}),
            "without_mingle": True,
            "without_gossip": True,
        }
        super().__init__(*args, **kwargs)
