"""How long a reply takes while a summary of its session is in work, against when none is."""

from __future__ import annotations

import time

import httpx2

from bench.deployed import Deployed, deployed
from bench.row import Row, median, ms
from bench.talking import talk

_SUMMARY = 10.0
_ROUNDS, _SESSIONS, _SPOKEN, _TURNS = 5, 4, 6, 40


def measure() -> list[Row]:
    """Measure row 5: in each round two sets of new sessions, and a summary of each session of one of them.

    Both have as long a history, since that alone makes a difference, and which of the two goes first changes
    from round to round, as the machine may be slower at times. The model costs next to nothing: its own work
    on longer and longer prompts would hide what is looked for.
    """
    # Nothing is due by itself.
    with deployed(stub=True, BACKSCROLL_TRIGGER_TURNS="0", BACKSCROLL_CONTEXT_TOKENS="39000") as deployment:
        _speak(deployment, "warm", 0, _SPOKEN)
        _summarise(deployment, "warm")
        _end(deployment, "warm")
        path = f"{deployment.model_url}/_pause_summary"
        httpx2.post(path, content=str(_SUMMARY)).raise_for_status()
        pairs = [_round(deployment, number) for number in range(_ROUNDS)]
    without, beside = median([a for a, _ in pairs]), median([b for _, b in pairs])
    return [
        Row(
            number=5,
            measure=f"reply time with a summary of {_SUMMARY:g} s in work",
            ours=ms(beside),
            against=f"without {ms(without)}",
            value=round((median([b / a for a, b in pairs]) - 1) * 100, 1),
            bound="<=",
            goal=2,
            unit="% more",
            details={"pairs_ms": [[round(a * 1000, 2), round(b * 1000, 2)] for a, b in pairs]},
        )
    ]


def _round(deployment: Deployed, number: int) -> tuple[float, float]:
    """Give the median reply time without summaries, and with them."""
    plain, summarised = f"plain-{number}", f"summarised-{number}"
    for name in (plain, summarised):
        _speak(deployment, name, 0, _SPOKEN)
    without = _speak(deployment, plain, _SPOKEN, _TURNS) if number % 2 else []
    _summarise(deployment, summarised)
    beside = _speak(deployment, summarised, _SPOKEN, _TURNS)
    assert _in_work(deployment, summarised) == _SESSIONS, "the summaries were over before the turns"
    _end(deployment, summarised)
    without = without or _speak(deployment, plain, _SPOKEN, _TURNS)
    return median(without), median(beside)


def _speak(deployment: Deployed, name: str, start: int, turns: int) -> list[float]:
    return talk(deployment.url, name, _SESSIONS, start, turns)


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
