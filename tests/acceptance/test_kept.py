"""What compaction keeps: exact values over many compactions, open tasks, and the beginning of the prompt."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import pytest
import redis as redis_py

from backscroll.cipher import FORM
from backscroll.session import DEFAULT_TENANT, Session
from tests.integration.living import dump
from tests.stack.api import Api, Json
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

FILLER = "We went on for a while about the harbour, the ferries and the price of herring in the old town."


def covered(seq: int) -> Callable[[Json], bool]:
    return lambda state: state["watermark"] >= seq and state["compaction"] == "none"


def notes(context: Json) -> str:
    return context["ledger"]["text"] + "\n".join(chapter["text"] for chapter in context["chapters"])


@pytest.fixture(scope="module")
def eager_stack(make_lasting_stack: Callable[..., Stack]) -> Stack:
    stack = make_lasting_stack(
        BACKSCROLL_RECENT_TURNS="1",
        BACKSCROLL_TRIGGER_TURNS="2",
        BACKSCROLL_ENCRYPTION_KEYS="k1:" + "A" * 43,
    )
    stack.start()
    return stack


@pytest.fixture
def eager(eager_stack: Stack, model: OfflineModel) -> Api:
    """A deployment that compacts after every second turn. It encrypts, which nobody may notice."""
    return eager_stack.have_web().api


def test_f10_f15_what_was_said_first_is_still_there_after_ten_compactions(
    eager: Api, model: OfflineModel, sid: str
) -> None:
    # Elsewhere the second summary did not hold the first, and exact values died within one.
    model.fault("text", text="I see.", target="reply", count=0)  # or it would quote what we look for
    eager.say(sid, "My locker has the code 4711-B, and Ada Byron has the key to /srv/vault/a.key.")
    done = 0
    while done < 10:
        eager.say(sid, f"And then {FILLER}")
        eager.say(sid, f"So {FILLER}")
        state = eager.until_session(sid, "no compaction is due", lambda s: s["compaction"] == "none")
        done = state["compactions"]["done"]
    context = eager.context(sid)
    assert all(value in notes(context) for value in ("4711-B", "Ada Byron", "/srv/vault/a.key"))
    assert context["ledger"]["entries"][0]["seq"] == 1


def test_f09_a_request_that_nobody_answered_is_open_until_somebody_does(
    eager: Api, model: OfflineModel, sid: str
) -> None:
    # Elsewhere a confirmation that was pending was compacted away.
    asked = "Please confirm: two berths on the Nordlys to Bergen, on March 9th."
    model.fault("text", text=asked, target="reply", match=f"{sid} berths")
    model.fault("text", text="It is fine there.", target="reply", count=0)
    eager.say(sid, f"I want {sid} berths.")
    for question in ("How is the weather there?", "And what is there to see?", "How long does it take?"):
        eager.say(sid, question)
    eager.until_session(sid, "the request is covered", covered(2))
    assert [task["text"] for task in eager.context(sid)["ledger"]["open_tasks"]] == [asked]

    eager.say(sid, "Yes, that's right.")
    for question in ("How is the food?", "Is there a library?", "Where do I board?"):
        eager.say(sid, question)
    eager.until_session(sid, "the answer is covered", covered(10))
    ledger = eager.context(sid)["ledger"]
    assert ledger["open_tasks"] == []
    assert "*two berths…Nordlys to Bergen, on March 9th" in ledger["text"]


def test_of_an_encrypted_session_nothing_lies_open_in_redis(eager: Api, eager_stack: Stack, sid: str) -> None:
    for opening in ("The locker has the code 4711-B.", "And then", "So"):
        eager.say(sid, f"{opening} {FILLER}")
    eager.until_session(sid, "the code is covered", covered(2))
    assert "4711-B" in notes(eager.context(sid))
    with redis_py.Redis.from_url(eager_stack.env["REDIS_URL"]) as client:
        layers = dump(client, Session(DEFAULT_TENANT, sid))
    assert any(layer.startswith(FORM) for layer in layers)
    assert not any(word in layer for layer in layers for word in (b"herring", b"4711", b"locker"))


def test_f19_the_prompt_begins_with_the_bytes_of_the_one_before(
    api: Api, model: OfflineModel, sid: str
) -> None:
    # Elsewhere each summary changed the whole prompt, and nothing of it was served from the cache.
    said = [f"Remark {number} of {sid}: {FILLER}" for number in range(28)]
    for text in said:
        api.say(sid, text)
        api.until_session(sid, "no compaction is due", lambda s: s["compaction"] == "none")
    prompts = [model.requests("reply", containing=text)[0]["body"]["contents"] for text in said]
    assert len(chapters(prompts[-1])) == 3
    for before, after in pairwise(prompts):
        if chapters(before) == chapters(after):
            assert bytes_of(after)[: len(before)] == bytes_of(before)
        else:
            kept = chapters(before)
            assert chapters(after)[: len(kept)] == kept, "chapters are frozen"
            assert len(chapters(after)) == len(kept) + 1


def chapters(contents: list[Json]) -> list[str]:
    """The chapters of a prompt, which come behind the opening of the notes and before the ledger."""
    first = [part["text"] for part in contents[0]["parts"]]
    return [text for text in first if text.startswith("[") and text[1].isdigit()]


def bytes_of(contents: list[Json]) -> list[bytes]:
    return [json.dumps(content).encode() for content in contents]
