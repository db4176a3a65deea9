"""What an outage costs a request, and how soon its end is noticed.

    python -m bench.outages [--json] [--clients 20] [--seconds 4]

Clients post and read all the while, some twice a second each, on one machine with a history and a broker of
their own. For each outage: the latency of a POST and of a GET, in ms, while it begins and once it is known,
the longest of them, the statuses that were answered, and the time from its end to the first request that is
served as ever.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx2

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from bench.deployed import deployed
from bench.streams import in_ms
from tests.stack.outages import Outage, full, hung, killed, loading, read_only

_PAUSE = 0.4


class Talk:
    """Clients that post and read until they are told to stop; what each call took, and what it got."""

    def __init__(self, url: str, clients: int) -> None:
        self.took: dict[str, list[float]] = {"POST": [], "GET": []}
        self.got: dict[str, Counter[int]] = {"POST": Counter(), "GET": Counter()}
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._talk, args=(each,)) for each in range(clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> Talk:
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self

    def _talk(self, number: int) -> None:
        path = f"/v1/sessions/client-{number}"
        with httpx2.Client(base_url=self._url, timeout=30) as http:
            while not self._over.wait(_PAUSE):
                self._call("POST", lambda: http.post(f"{path}/messages", json={"text": "hello"}))
                self._call("GET", lambda: http.get(path))

    def _call(self, kind: str, call: Callable[[], httpx2.Response]) -> None:
        began = time.perf_counter()
        response = call()
        self.took[kind].append(time.perf_counter() - began)
        self.got[kind][response.status_code] += 1


def during(url: str, clients: int, seconds: float) -> Talk:
    """Have clients talk for so many seconds."""
    talk = Talk(url, clients)
    time.sleep(seconds)
    return talk.stop()


def told(talk: Talk) -> dict[str, object]:
    """Show the latencies, in ms, and the statuses."""
    found: dict[str, object] = {}
    for kind in ("POST", "GET"):
        took = talk.took[kind]
        longest = round(max(took) * 1000, 1)
        found[kind] = {**in_ms(took), "longest": longest, "statuses": dict(talk.got[kind])}
    return found


def until_served(url: str, since: float) -> float:
    """Give the ms from `since` to the first time that all is as ever."""
    with httpx2.Client(base_url=url, timeout=30) as http:
        while True:
            posted = http.post("/v1/sessions/probe/messages", json={"text": "hello"}).status_code
            ready = http.get("/readyz").json()
            if posted == 202 and ready == {"ready": True, "down": []}:
                return round((time.monotonic() - since) * 1000, 1)
            time.sleep(0.005)


def measure(url: str, server: EmbeddedRedis, outage: Outage, clients: int, seconds: float) -> dict:
    """Measure one outage of one server: its first half, in which it is found out, and its second."""
    talk = Talk(url, clients)
    time.sleep(seconds / 4)  # it comes while they talk
    with outage(server):
        if outage is loading:  # which ends by itself
            time.sleep(1.0)
            first = second = talk.stop()
        else:
            time.sleep(seconds / 4)
            first, second = talk.stop(), during(url, clients, seconds / 2)
    return {"first": told(first), "later": told(second), "back_after_ms": until_served(url, time.monotonic())}


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=20, metavar="N")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        history = embedded_redis.start(Path(folder) / "history")
        broker = embedded_redis.start(Path(folder) / "broker")
        with deployed(REDIS_URL=history.url, BROKER_URL=broker.broker_url) as deployment:
            url = deployment.url
            during(url, asked.clients, 2.0)  # everything is loaded
            found: dict[str, object] = {"none": told(during(url, asked.clients, asked.seconds))}
            for name, server in (("history", history), ("broker", broker)):
                for outage in (killed, hung, loading, full, read_only):
                    found[f"{name} {outage.__name__}"] = measure(
                        url, server, outage, asked.clients, asked.seconds
                    )
        history.stop()
        broker.stop()
    if asked.json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name}: {value}")


if __name__ == "__main__":
    main()
