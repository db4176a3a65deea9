"""The roll of workers: each signs it every few seconds, and who has not done so lately is not there any more.

Whoever looks reads one hash: no worker is asked, and a web process needs no right to call them.
"""

from __future__ import annotations

import msgspec

from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.scripts import script

# Seconds between two signatures, and after which one is no sign of life any more: two may be late.
EVERY = 5.0
_LIFE = 3 * EVERY


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker tells of itself. `time` is its clock, in seconds since 1970."""

    version: str
    queues: tuple[str, ...]
    time: float


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """A worker in the roll. `at` is when it signed, by the server's clock, in milliseconds since 1970."""

    name: str
    signed: Signed
    at: int


def sign(store: Store, name: str, told: Signed) -> None:
    """Write a worker into the roll.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    args = (name, msgspec.json.encode(told), int(_LIFE * 1000))
    store.evaluate(script("sign_roll"), [((keys.ROLL,), args)])


def strike(store: Store, name: str) -> None:
    """Take a worker out that ends.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    store.call(lambda: store.client.hdel(keys.ROLL, name), reads=False)


def read(store: Store) -> tuple[Present, ...]:
    """Give the workers that signed lately, by name.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    asked = [(keys.ROLL, ("TIME",)), (keys.ROLL, ("HGETALL", keys.ROLL))]
    (seconds, _), roll = store.call(lambda: store.servers.pipelined(asked), reads=True)
    found = (_present(name, entry) for name, entry in sorted(roll.items()))
    return tuple(each for each in found if each.at >= (seconds - _LIFE) * 1000)


def _present(name: bytes, entry: bytes) -> Present:
    at, _, told = entry.partition(b" ")
    return Present(name=name.decode(), signed=msgspec.json.decode(told, type=Signed), at=int(at))
