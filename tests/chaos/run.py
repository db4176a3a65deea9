"""A whole run: start everything, play and break it, let it come to rest, and check what is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
import redis as redis_py

from tests.chaos.calling import Front
from tests.chaos.checking import check
from tests.chaos.client import Client
from tests.chaos.deployment import Deployment, deployed
from tests.chaos.driving import drive
from tests.chaos.faults import Struck
from tests.chaos.habits import scripts, steps
from tests.chaos.reading import held
from tests.chaos.report import Played, Report, summarise
from tests.chaos.schedule import EVERY, KINDS, Kind, Planned, plan
from tests.chaos.told import Breach
from tests.stack.expiry import eternal
from tests.stack.processes import ROOT

DATA = ROOT.parent / "shared" / "data"
# The last part of a run, without faults; of a short one, a quarter.
_CALM = 15.0


class Watch(msgspec.Struct, frozen=True):
    """Whom to tell how far a run is: after a fault, after a turn, after a session's check."""

    fault: Callable[[], None]
    turn: Callable[[], None]
    checked: Callable[[], None]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run.

    `seed` decides the faults, and what the clients do. Clients, one a session, post for `seconds`; what is
    in work then is waited for. `kinds` of faults may be fewer than all; one comes about `every` seconds.
    """

    seed: int
    seconds: float
    sessions: int
    kinds: tuple[Kind, ...] = KINDS
    every: float = EVERY

    def schedule(self) -> tuple[Planned, ...]:
        """Give the faults: none in the last part."""
        return plan(self.seed, self.seconds - min(_CALM, self.seconds / 4), self.kinds, self.every)


def run(directory: Path, order: Order, watch: Watch) -> Report:
    """Run chaos, and check every session afterwards.

    Args:
        directory: for data and logs; who calls removes it.
        order: what is to be run.
        watch: hears how far it is.
    """
    schedule = order.schedule()
    texts, found = scripts(DATA, order.sessions)
    report: Report | None = None
    try:
        with deployed(directory) as deployment, closing(Front(deployment.urls)) as front:
            clients = [Client(front, script.session, watch.turn) for script in found]
            plays = [
                lambda enough, client=client, script=script, number=number: client.play(
                    steps(order.seed, number, script.texts), enough
                )
                for number, (client, script) in enumerate(zip(clients, found, strict=True))
            ]
            struck, breaches = _play(deployment, schedule, plays, order.seconds, watch)
            breaches += [Breach("deployment", "in the end", down) for down in deployment.down()]
            played = _check(front, clients, watch)
            breaches += front.breaches + eternal_keys(deployment)
            report = summarise(
                played,
                struck,
                breaches,
                seed=order.seed,
                seconds=order.seconds,
                texts=texts,
                calls_again=front.tried_again,
                logs=None,
                schedule=schedule,
            )
            _write_down(directory, played, struck)
    except AssertionError as error:
        if report is None:
            raise
        late = Breach("deployment", "while it stopped", str(error))
        report = msgspec.structs.replace(report, breaches=(*report.breaches, late))
    return msgspec.structs.replace(report, logs=str(directory) if report.breaches else None)


def _play(
    deployment: Deployment,
    schedule: Sequence[Planned],
    plays: Sequence[Callable[[threading.Event], None]],
    seconds: float,
    watch: Watch,
) -> tuple[list[Struck], list[Breach]]:
    """Let the clients play while the driver drives, and some time longer."""
    enough = threading.Event()
    begun = time.monotonic()
    with ThreadPoolExecutor(len(plays)) as pool:
        playing = [pool.submit(play, enough) for play in plays]
        try:
            struck, breaches = drive(deployment, schedule, watch.fault)
            deployment.model.reset()
            time.sleep(max(0.0, begun + seconds - time.monotonic()))
        finally:
            enough.set()
        for each in playing:
            each.result()
    return struck, breaches


def _check(front: Front, clients: Sequence[Client], watch: Watch) -> list[Played]:
    def look(client: Client) -> Played:
        told = tuple(client.told)
        found = held(front, client.session, [each.reply.id for each in told])
        wrong = (*client.breaches, *check(client.session, told, found))
        watch.checked()
        return Played(client.session, told, found, wrong)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(look, clients))


def eternal_keys(deployment: Deployment) -> list[Breach]:
    """Find keys of ours that never expire."""
    with redis_py.Redis.from_url(deployment.history.url) as client:
        return [Breach("eternal", key, "has no expiry") for key in eternal(client)]


def _write_down(directory: Path, played: Sequence[Played], struck: Sequence[Struck]) -> None:
    """Leave beside the logs what is needed to find out about a breach."""
    (directory / "faults.json").write_bytes(msgspec.json.encode(sorted(struck, key=lambda each: each.begun)))
    for each in played:
        if each.breaches:
            (directory / f"{each.session}.json").write_bytes(msgspec.json.encode(each))
