"""Encryption at rest: what it costs a message and a claim.

python -m bench.sealing
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import click

from backscroll.messages import codec
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import Text
from backscroll.running import embedded_redis
from backscroll.sealing import Sealing
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import keys, submissions, turns
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from backscroll.store.turns import Completed

SAID = "We went on about the harbour, the ferries and the price of herring in the old town. " * 14
KEY = bytes(32)
TURNS, CLAIMS, CEILING = 30, 1500, 40_000


def microseconds(what: Callable[[], object], times: int) -> float:
    """Give the time of one call, from the best of five series."""

    def once() -> float:
        began = time.perf_counter()
        for _ in range(times):
            what()
        return (time.perf_counter() - began) / times * 1e6

    return min(once() for _ in range(5))


def talk(store: Store, session: Session) -> None:
    """Have turns in a session, and leave one in work."""
    for number in range(TURNS):
        submissions.submit(store, session, Submission(parts=(Text(SAID),)))
        turn = turns.claim(store, session, f"t{number}", ceiling=CEILING)
        assert turn is not None
        answer = Completed(
            parts=(Text(SAID),),
            model="m",
            asked="m",
            usage=Usage(),
            tokens=9,
            complete=True,
            compaction_due=False,
            finished_at=1,
        )
        turns.commit(store, turn, answer, go_on=False, ceiling=CEILING)
    submissions.submit(store, session, Submission(parts=(Text("And now?"),)))


def claims(url: str) -> None:
    """Compare the claim of a turn, and the bytes of the live list, without and with a key."""
    stores = [Store(StoreSettings(redis_url=url, encryption_keys=found)) for found in ("", "k1:" + "A" * 43)]
    sessions = [Session("bench", "plain"), Session("bench", "sealed")]
    took: list[list[float]] = [[], []]
    for store, session in zip(stores, sessions, strict=True):
        talk(store, session)
    for _ in range(CLAIMS):  # in turn, so that what else the machine does hits both alike
        for store, session, times in zip(stores, sessions, took, strict=True):
            began = time.perf_counter()
            turns.claim(store, session, "again", ceiling=CEILING)
            times.append(time.perf_counter() - began)
    for store, session, times in zip(stores, sessions, took, strict=True):
        live = store.client.lrange(keys.of_session(session, store.settings.shards)[1], 0, -1)
        click.echo(
            f"{session.id}: a claim of {len(live)} messages {statistics.median(times) * 1e6:.0f} µs, "
            f"{sum(map(len, live)) / len(live):.0f} bytes a message"
        )
        store.close()


def main() -> None:
    """Measure, and print."""
    sealing, names = Sealing({"k1": KEY}), count()
    cipher = sealing.cipher("bench/s")
    message = codec.encode(Message(seq=1, role="user", ts=1, parts=(Text(SAID),)))
    sealed, picture = cipher.seal("message", message), bytes(1 << 20)
    for what, call, times in (
        (f"sealing {len(message)} bytes", lambda: cipher.seal("message", message), 20_000),
        ("opening them", lambda: cipher.open("message", sealed), 20_000),
        ("decoding them, to compare", lambda: codec.decode(message), 20_000),
        ("sealing 1 MiB", lambda: cipher.seal("media", picture), 50),
        ("deriving a session's key", lambda: sealing.cipher(f"bench/{next(names)}"), 4_000),
    ):
        click.echo(f"{what}: {microseconds(call, times):.1f} µs")
    click.echo(
        f"a sealed message is {len(sealed) - len(message)} bytes longer, with a key id of 2 characters"
    )
    with tempfile.TemporaryDirectory() as directory:
        server = embedded_redis.start(Path(directory), fsync="no")
        try:
            claims(server.url)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
