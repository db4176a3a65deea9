"""Waiting and reading along: how soon clients hear, and what it costs to keep them.

    python -m bench.streams [--json] [--waiters 200] [--streams 1000]

Measures, in one run, on one machine:

- the time from the end of a reply in the history store to the answer in the hand of a client that waits
  for it, for many clients that wait at once;
- the first words of an answer, through POST, queue, worker and event stream, against the bare SDK on the
  same offline model;
- the memory of the web process and the connections to Redis with many open streams.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import click
import httpx2
from google import genai

from bench.deployed import Deployed, deployed
from bench.row import percentile

_TURNS = 60


def in_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Show times as milliseconds."""
    return {
        "p50": round(percentile(seconds, 0.5) * 1000, 2),
        "p99": round(percentile(seconds, 0.99) * 1000, 2),
    }


async def heard_late(deployment: Deployed, waiters: int) -> dict[str, float]:
    """Measure how long after its reply's end each of many waiting clients has the answer.

    Each waits for a reply of its own; the model takes two seconds, and the messages are spread over two
    seconds, so that the machine is not measured by a single burst.
    """
    deployment.fault(kind="delay", seconds=2.0, target="reply", count=0)
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=deployment.url, timeout=60, limits=limits) as http:

        async def wait(number: int) -> float:
            await asyncio.sleep(2.0 * number / waiters)
            path = f"/v1/sessions/wait-{number}"
            posted = (await http.post(f"{path}/messages", json={"text": "hello"})).raise_for_status().json()
            response = await http.get(f"{path}/replies/{posted['id']}", params={"wait": 50})
            now = time.time()
            return now - datetime.fromisoformat(response.json()["finished_at"]).timestamp()

        return in_ms(await asyncio.gather(*(wait(number) for number in range(waiters))))


async def first_words(deployment: Deployed) -> dict[str, object]:
    """Measure the time to the first words, through everything and through the bare SDK, in turns."""
    deployment.fault(kind="slow_stream", seconds=0.05, text="word " * 16, target="reply", count=0)
    client = genai.Client(api_key="offline", http_options={"base_url": deployment.model_url})
    through, bare = [], []
    async with httpx2.AsyncClient(base_url=deployment.url, timeout=60) as http:
        for number in range(_TURNS):
            began = time.perf_counter()
            path = f"/v1/sessions/first-{number}"
            posted = (await http.post(f"{path}/messages", json={"text": "hello"})).json()
            async with http.stream("GET", f"{path}/replies/{posted['id']}/events") as response:
                async for line in response.aiter_lines():
                    if line == "event: delta":
                        through.append(time.perf_counter() - began)
                        break
            began = time.perf_counter()
            chunks = await client.aio.models.generate_content_stream(
                model="gemini-3.5-flash", contents="hello"
            )
            times = [time.perf_counter() - began async for _ in chunks]
            bare.append(times[0])
    more = [a - b for a, b in zip(through, bare, strict=True)]
    return {"through": in_ms(through), "bare_sdk": in_ms(bare), "more": in_ms(more)}


async def kept_open(deployment: Deployed, streams: int) -> dict[str, float]:
    """Measure what many open streams cost: of as many replies, all of them queued in long inboxes."""
    deployment.fault(kind="delay", seconds=600, target="reply", count=0)
    at = urlsplit(deployment.url)
    async with httpx2.AsyncClient(base_url=deployment.url, timeout=60) as http:
        paths = []
        for number in range(streams):
            path = f"/v1/sessions/open-{number % 20}"
            posted = (await http.post(f"{path}/messages", json={"text": "hello"})).raise_for_status().json()
            paths.append(f"{path}/replies/{posted['id']}/events")
    memory = deployment.resident("web")
    connections = deployment.redis.info("clients")["connected_clients"]
    opened: list[asyncio.StreamWriter] = []
    began = time.perf_counter()
    for path in paths:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        opened.append(writer)
        await reader.readuntil(b"event: status")
    seconds = time.perf_counter() - began
    await asyncio.sleep(1.0)
    found = {
        "streams": streams,
        "kB_a_stream": round((deployment.resident("web") - memory) / streams / 1000, 1),
        "redis_connections_more": deployment.redis.info("clients")["connected_clients"] - connections,
        "ms_to_open_one": round(seconds / streams * 1000, 2),
    }
    for writer in opened:
        writer.close()
    return found


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waiters", type=int, default=200, metavar="N")
    parser.add_argument("--streams", type=int, default=1000, metavar="N")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with deployed(BACKSCROLL_WORKER_THREADS="256") as deployment:
        found = {
            "first_words_ms": asyncio.run(first_words(deployment)),
            "end_to_waiting_client_ms": asyncio.run(heard_late(deployment, asked.waiters)),
            "open_streams": asyncio.run(kept_open(deployment, asked.streams)),
        }
    if asked.json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:28} {value}")


if __name__ == "__main__":
    main()
