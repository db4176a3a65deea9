"""Clients that talk on while servers fail over, and what they have to complain of afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx2

from tests.chaos.calling import Front
from tests.chaos.told import Breach
from tests.outage.client import Answer, Client
from tests.outage.run import compared
from tests.stack.conditions import until

_TEXTS = ("The ferry to Bergen leaves at 6:30 pm.", "I have 14 crates of apples.", "What did I say so far?")


class Talk:
    """What some clients say to one web process, each in a session of its own."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self.clients = clients

    def answered(self, *, degraded: bool = False) -> int:
        """Count the turns that were answered so far, with the history or without."""
        told = [each.reply for client in self.clients for each in client.told]
        return sum(isinstance(reply, Answer) and reply.degraded == degraded for reply in told)

    def until_answered(self, more: int) -> None:
        """Wait until so many more turns were answered with their history."""
        enough = self.answered() + more
        until(f"{more} more turns are answered", lambda: self.answered() >= enough, seconds=60)


@contextmanager
def talking(url: str, count: int) -> Iterator[Talk]:
    """Have so many clients talk while the block runs; each ends the turn that it is at."""
    enough = threading.Event()
    with httpx2.Client(base_url=url, timeout=40) as http, ThreadPoolExecutor(count) as pool:
        clients = [Client(http, f"s-{uuid4().hex[:12]}", lambda: None) for _ in range(count)]
        begun = [pool.submit(client.talk, _TEXTS, enough) for client in clients]
        try:
            yield Talk(clients)
        finally:
            enough.set()
        for each in begun:
            each.result()


def complaints(url: str, talk: Talk, spool: Path) -> list[Breach]:
    """Compare every session with what its client was told, when all degraded turns are home."""
    until("the spool is empty", lambda: not list(spool.glob("*.spool")), seconds=40)
    with closing(Front([url])) as front:
        found = [breach for client in talk.clients for breach in compared(front, client).breaches]
    return [*found, *(breach for client in talk.clients for breach in client.breaches)]
