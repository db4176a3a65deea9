"""A bell as it lies in a Redis: the message that Celery's workers read there, written without Celery.

Celery takes four times as long for it: it routes each one anew, declares its queue, and makes a client. The
form is that of Celery's task messages, version 2, as kombu puts them into a list: workers of earlier and
later versions read it, too. A test holds it against what Celery itself writes.
"""

from __future__ import annotations

import os
import socket
from base64 import b64encode
from collections.abc import Sequence
from uuid import uuid4

import msgspec


class Bell(msgspec.Struct, frozen=True):
    """A bell that is not rung yet: a message for the list `queue` in a Redis' database of that number."""

    database: int
    queue: str
    message: bytes


def encode(task: str, queue: str, args: Sequence[str]) -> bytes:
    """Give the message that calls `task` with `args`, for the list of `queue`."""
    name = str(uuid4())
    body = msgspec.json.encode((args, {}, _ALONE))
    return msgspec.json.encode(
        {
            "body": b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                **_HEADERS,
                "task": task,
                "id": name,
                "root_id": name,
                "argsrepr": repr(tuple(args)),
                "origin": f"gen{os.getpid()}@{_HOST}",
            },
            "properties": {
                **_PROPERTIES,
                "correlation_id": name,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "delivery_tag": name,
            },
        }
    )


_HOST = socket.gethostname()
# Nothing follows it, and nobody waits for what it gives.
_ALONE = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
_HEADERS: dict[str, object] = {
    "lang": "py",
    "shadow": None,
    "eta": None,
    "expires": None,
    "group": None,
    "group_index": None,
    "retries": 0,
    "timelimit": (None, None),
    "parent_id": None,
    "kwargsrepr": "{}",
    "ignore_result": True,
    "replaced_task_nesting": 0,
    "stamped_headers": None,
    "stamps": {},
}
_PROPERTIES = {"reply_to": "", "delivery_mode": 2, "priority": 0, "body_encoding": "base64"}
