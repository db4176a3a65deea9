"""How long a reply takes while a summary of its session is in work, against when none is."""

from __future__ import annotations

import asyncio
import time

import httpx2

from bench.deployed import Deployed, deployed
from bench.row import Row, median, ms
from bench.talking import talk
from bench.texts import say
from bench.wire import Wire

_SUMMARY = 10.0
_ROUNDS, _SESSIONS, _SPOKEN, _TURNS = 6, 4, 6, 40
_LETTERS = 300
# Nothing is due by itself.
_NEVER_DUE = {"BACKSCROLL_TRIGGER_TURNS": "0", "BACKSCROLL_CONTEXT_TOKENS": "39000"}


def measure() -> list[Row]:
    """Measure row 5: two deployments take turns, turn by turn, and one of them has summaries in work.

    Both are alike, with sessions as long, and which of them has the summaries changes from round to round. So
    the machine is as slow for the one as for the other. The model costs next to nothing: its own work on
    longer and longer prompts would hide what is looked for.
    """
    with deployed(stub=True, **_NEVER_DUE) as one, deployed(stub=True, **_NEVER_DUE) as other:
        for deployment in (one, other):
            _speak(deployment, "warm")
            _summarise(deployment, "warm")
            _end(deployment, "warm")
            path = f"{deployment.model_url}/_pause_summary"
            httpx2.post(path, content=str(_SUMMARY)).raise_for_status()
        orders = [(one, other), (other, one)] * (_ROUNDS // 2)
        rounds = [_round(*order, f"round-{number}") for number, order in enumerate(orders)]
    without, beside = (median([each[which] for each in rounds]) for which in (0, 1))
    return [
        Row(
            number=5,
            measure=f"reply time with a summary of {_SUMMARY:g} s in work",
            ours=ms(beside),
            against=f"without {ms(without)}",
            value=round((median([b / a for a, b in rounds]) - 1) * 100, 1),
            bound="<=",
            goal=2,
            unit="% more",
            details={"rounds_ms": [[round(a * 1000, 2), round(b * 1000, 2)] for a, b in rounds]},
        )
    ]


def _round(plain: Deployed, summarised: Deployed, name: str) -> tuple[float, float]:
    """Give the median reply time of the deployment without summaries, and of the one with them."""
    for deployment in (plain, summarised):
        _speak(deployment, name)
    _summarise(summarised, name)
    without, beside = asyncio.run(_alternately(plain.url, summarised.url, name))
    assert _in_work(summarised, name) == _SESSIONS, "the summaries were over before the turns"
    _end(summarised, name)
    return median(without), median(beside)


async def _alternately(one: str, other: str, name: str) -> tuple[list[float], list[float]]:
    """Take each turn at both, first here, then there; give the seconds that each took."""
    times: dict[str, list[float]] = {one: [], other: []}
    async with Wire(one) as first, Wire(other) as second:
        both = [(one, first), (other, second)]
        for turn in range(_SPOKEN, _SPOKEN + _TURNS):
            for number in range(_SESSIONS):
                for url, wire in both:
                    began = time.perf_counter()
                    await wire.say(f"{name}-{number}", say(turn, _LETTERS))
                    times[url].append(time.perf_counter() - began)
                both.reverse()
    return times[one], times[other]


def _speak(deployment: Deployed, name: str) -> list[float]:
    return talk(deployment.url, name, _SESSIONS, 0, _SPOKEN)


def _summarise(deployment: Deployed, name: str) -> None:
    """Have a summary of each session of a set begun."""
    for number in range(_SESSIONS):
        path = f"{deployment.url}/v1/sessions/{name}-{number}/compact"
        httpx2.post(path, json={"keep": 2}).raise_for_status()
    time.sleep(1.0)  # all are waiting for the model by now


def _end(deployment: Deployed, name: str) -> None:
    while _in_work(deployment, name):
        time.sleep(0.2)


def _in_work(deployment: Deployed, name: str) -> int:
    states = (
        httpx2.get(f"{deployment.url}/v1/sessions/{name}-{number}").json()["compaction"]
        for number in range(_SESSIONS)
    )
    return sum(state != "none" for state in states)
