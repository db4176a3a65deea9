"""A whole run: start everything, have the outages while clients talk, and check what is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import msgspec

from backscroll.client.reply import ENDED
from tests.chaos.calling import Front
from tests.chaos.checking import check
from tests.chaos.deployment import Deployment, deployed
from tests.chaos.habits import scripts
from tests.chaos.reading import held
from tests.chaos.run import DATA, eternal_keys
from tests.chaos.told import Breach, Held, Told
from tests.outage.client import Answer, Client
from tests.outage.outages import KINDS, Kind, Outage, outages
from tests.outage.report import Report, felt
from tests.stack.conditions import until

# From one look at whether all processes run to the next, in seconds.
_LOOK = 0.5


class Watch(msgspec.Struct, frozen=True):
    """Whom to tell how far a run is: after an outage, and after a turn."""

    outage: Callable[[], None]
    turn: Callable[[], None]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run: so many clients, and outages of these kinds of `seconds` each, `calm` apart."""

    clients: int
    seconds: float
    calm: float
    kinds: tuple[Kind, ...] = KINDS


class Checked(msgspec.Struct, frozen=True):
    merged: int
    answered_by_worker: int
    breaches: tuple[Breach, ...]


def run(directory: Path, order: Order, watch: Watch) -> Report:
    """Run the outages, and check every session afterwards.

    Args:
        directory: for data and logs; who calls removes it.
        order: what is to be run.
        watch: hears how far it is.
    """
    _, found = scripts(DATA, order.clients)
    with ExitStack() as closing:
        deployment = closing.enter_context(deployed(directory, webs=1, replies=1, compactions=1))
        limits = httpx2.Limits(max_connections=2 * order.clients)
        http = httpx2.Client(base_url=deployment.urls[0], timeout=40, limits=limits, verify=False)
        closing.callback(http.close)
        front = Front(deployment.urls)
        closing.callback(front.close)
        clients = [Client(http, script.session, watch.turn) for script in found]
        texts = [script.texts for script in found]
        with _supervised(deployment) as ended:
            struck = _talk(deployment, clients, texts, order, watch)
        breaches = [*_left_in_the_spool(deployment), *eternal_keys(deployment)]
        with ThreadPoolExecutor(8) as pool:
            checked = list(pool.map(lambda client: compared(front, client), clients))
        breaches += [Breach("deployment", "in the end", down) for down in deployment.down()]
    told = [each for client in clients for each in client.told]
    quiet_p50, quiet_p99, by_kind = felt(told, struck)
    breaches += [breach for client in clients for breach in client.breaches]
    breaches += [breach for each in checked for breach in each.breaches]
    degraded = [each for each in told if _answer(each).degraded]
    return Report(
        clients=len(clients),
        requests=sum(client.requests for client in clients),
        unavailable=sum(client.unavailable for client in clients),
        answered=sum(each.reply.status in ENDED for each in told),
        failed=sum(each.reply.status == "failed" for each in told),
        degraded=len(degraded),
        spooled=sum(_answer(each).recorded for each in degraded),
        merged=sum(each.merged for each in checked),
        answered_by_worker=sum(each.answered_by_worker for each in checked),
        ended_by_themselves=tuple(ended),
        quiet_p50=quiet_p50,
        quiet_p99=quiet_p99,
        outages=by_kind,
        breaches=tuple(breaches),
        logs=str(directory) if breaches else None,
    )


def _answer(told: Told) -> Answer:
    assert isinstance(told.reply, Answer)
    return told.reply


@contextmanager
def _supervised(deployment: Deployment) -> Iterator[list[str]]:
    """Start anew what ends by itself, as whatever runs it would, and name it."""
    over, ended = threading.Event(), list[str]()

    def watch() -> None:
        while not over.wait(_LOOK):
            for place in [place for places in deployment.places.values() for place in places]:
                if not place.process.running:
                    ended.append(place.name)
                    place.refill()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield ended
    finally:
        over.set()
        watching.join()


def _talk(
    deployment: Deployment,
    clients: Sequence[Client],
    texts: Sequence[Sequence[str]],
    order: Order,
    watch: Watch,
) -> list[Outage]:
    enough = threading.Event()
    with ThreadPoolExecutor(len(clients)) as pool:
        talking = [
            pool.submit(client.talk, said, enough) for client, said in zip(clients, texts, strict=True)
        ]
        try:
            struck = outages(deployment, order.kinds, order.seconds, order.calm, watch.outage)
        finally:
            enough.set()
        for each in talking:
            each.result()
    return struck


def _left_in_the_spool(deployment: Deployment) -> Iterator[Breach]:
    try:
        until("the spool is empty", lambda: not list(deployment.spool.glob("*.spool")))
    except AssertionError as error:
        yield Breach("spool", "in the end", str(error))


def compared(front: Front, client: Client) -> Checked:
    """Compare a session with what its client was told.

    A message that was accepted by a store that hung may have a worker's answer by the time of the merge. It
    keeps that one: there, what the server holds takes the place of what the client was told.
    """
    found = held(front, client.session, [each.reply.id for each in client.told])
    final = [_final(each, found) for each in client.told]
    recovered = {message.text for message in found.transcript if message.recovered}
    merged = [each for each in final if each.said in recovered]
    by_worker = sum(now is not before for now, before in zip(final, client.told, strict=True))
    unmarked = sum(_answer(each).degraded for each in final if each.reply.status != "failed") - len(merged)
    wrong = [*check(client.session, final, found)]
    if unmarked:
        wrong.append(Breach("unmarked", client.session, f"{unmarked} degraded turns"))
    return Checked(len(merged), by_worker, tuple(wrong))


def _final(told: Told, found: Held) -> Told:
    now = found.replies.get(told.reply.id)
    if now is None or not _answer(told).degraded or told.said in _recovered(found):
        return told
    kept = Answer(**{**msgspec.structs.asdict(now), "degraded": False})
    return msgspec.structs.replace(told, reply=kept)


def _recovered(found: Held) -> set[str]:
    return {message.text for message in found.transcript if message.recovered}
