"""Which encryption keys the store still needs: how many values each of them has sealed."""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from backscroll.cipher import FORM, key_id
from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.scripts import script

_A_TRIP = 100
# Shards' own keys have no session in their name.
_OF_SESSION = re.compile(rb"bs:\{\d+\}:([^/:]+/[^/:]+):")
_TAG = re.compile(rb"([A-Za-z0-9_.-]{1,32}):[0-9a-f]{64}")
_BLOCK = re.compile(rb"\d+ \d+ \d+\n")
_REQUEST = b'["'


class Used(msgspec.Struct, frozen=True):
    """How many values a key has sealed, in how many sessions."""

    values: int
    sessions: int


def sealed_with(store: Store) -> dict[str, Used]:
    """Look at every value in the store, and count them by the id of the key that sealed them.

    Keyed digests count too: those of media, and of messages with an idempotency key. It reads the first bytes
    of each value, needs no key, and changes nothing. What is written meanwhile may be missed. An offer, which
    lives no longer than a turn, is not looked into.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    values, sessions = Counter[str](), defaultdict[str, set[bytes]](set)
    for batch in _names(store):
        named = [(key, found.group(1)) for key in batch if (found := _OF_SESSION.match(key))]
        calls = [((key.decode(),), ()) for key, _ in named]
        heads = store.evaluate(script("sealed_heads"), calls) if calls else []
        for (_, session), each in zip(named, heads, strict=True):
            for name in _ids(each):
                values[name] += 1
                sessions[name].add(session)
    return {name: Used(count, len(sessions[name])) for name, count in sorted(values.items())}


def _names(store: Store) -> Iterator[list[bytes]]:
    """Yield the names of all keys, by batches. Redis may give one twice while it makes its table larger."""
    for server in store.call(store.servers.primaries, reads=True):
        cursor = 0
        while True:
            page = partial(server.scan, cursor, match=f"{keys.PREFIX}{{*", count=_A_TRIP)
            found: tuple[int, list[Any]] = store.call(page, reads=True)
            cursor, batch = found
            yield batch
            if not cursor:
                break


def _ids(heads: list[bytes]) -> Iterator[str]:
    for head in heads:
        if tag := _TAG.fullmatch(head):
            yield tag.group(1).decode()
            continue
        value = b64decode(head[2:50]) if head.startswith(_REQUEST) else _BLOCK.sub(b"", head, count=1)
        if value.startswith(FORM):
            yield key_id(value)
