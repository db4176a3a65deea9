"""How many tokens a long conversation sends to the model, against sending everything each time."""

from __future__ import annotations

import asyncio

import httpx2

from bench.deployed import Deployed, deployed
from bench.row import Row
from bench.texts import say
from bench.wire import Wire

_TURNS = 300
# About 600 tokens a turn, the size for which the default budget is made.
_LETTERS = 2_000


def measure() -> list[Row]:
    """Measure row 9."""
    with deployed() as deployment:
        sent, whole = asyncio.run(_talk(deployment))
    return [
        Row(
            number=9,
            measure=f"prompt tokens of a conversation of {_TURNS} turns",
            ours=f"{sent:,}",
            against=f"sending everything {whole:,}",
            value=round(sent / whole, 3),
            bound="<=",
            goal=0.1,
            unit="of it",
        )
    ]


async def _talk(deployment: Deployed) -> tuple[int, int]:
    sent = whole = history = 0
    async with Wire(deployment.url) as wire, httpx2.AsyncClient(base_url=deployment.url) as client:
        for number in range(_TURNS):
            text = say(number, _LETTERS)
            reply = await wire.say("long", text)
            asked = len(text.encode()) // 4
            sent += reply["usage"]["prompt_tokens"]
            whole += history + asked
            history += asked + reply["usage"]["output_tokens"]
            await _compacted(client)
    return sent, whole


async def _compacted(client: httpx2.AsyncClient) -> None:
    """Wait for the compaction that a turn made due: nobody writes 2,000 letters in less time than that."""
    while (await client.get("/v1/sessions/long")).raise_for_status().json()["compaction"] != "none":
        await asyncio.sleep(0.02)
