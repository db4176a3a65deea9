"""The roll of workers: who has signed lately is in it, by the server's clock."""

from __future__ import annotations

import redis as redis_py

from backscroll.store import keys, roll
from backscroll.store.redis import Store
from backscroll.store.roll import Signed


def test_who_signs_is_there_until_it_is_struck_out_or_silent_for_too_long(
    store: Store, redis: redis_py.Redis
) -> None:
    redis.delete(keys.ROLL)
    told = Signed(version="1", queues=("replies",), time=1.0)
    roll.sign(store, "two", told)
    roll.sign(store, "one", told)
    found = roll.read(store)
    assert [worker.name for worker in found] == ["one", "two"]
    assert found[0].signed == told
    assert abs(found[0].at - redis.time()[0] * 1000) < 60_000

    redis.hset(
        keys.ROLL, "silent", f"{found[0].at - 20_000} ".encode() + b'{"version":"1","queues":[],"time":1}'
    )
    assert [worker.name for worker in roll.read(store)] == ["one", "two"]
    roll.sign(store, "one", told)
    assert redis.hkeys(keys.ROLL) == [b"two", b"one"], (
        "who is silent is struck out by the next one that signs"
    )
    roll.strike(store, "one")
    assert [worker.name for worker in roll.read(store)] == ["two"]
    redis.delete(keys.ROLL)
