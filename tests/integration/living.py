"""A session that has been through everything, and all that Redis could tell somebody of it."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import redis as redis_py

from backscroll.answering.answering import Answering, answer_session
from backscroll.answering.lease import Leases
from backscroll.answering.streaming import Streams
from backscroll.compaction.compact import Compacting, compact_session
from backscroll.compaction.measuring import Windows
from backscroll.messages.chapter import Summary
from backscroll.messages.media import Media, apart, inline
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Part, Text
from backscroll.model.port import Answer, Heard, Prompt
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.settings import BudgetSettings, Settings
from backscroll.store import sessions, submissions, turns
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit

ONE, TWO = "one:" + "A" * 43, "two:" + "B" * 42 + "A"

OpenStore = Callable[[str], Store]

SAID = "We spoke of herring, of ferries, and of the locker with the code 4711-B in the old town. "
TOLD = "They spoke about herring and ferries, and about the locker in the old town, at some length."
PHOTO, DRAWN = Media("image/png", b"a photo of herring"), Media("image/png", b"herring, drawn")
CALL = Other({"type": "function_call", "functionCall": {"name": "count", "args": {"fish": "herring"}}})
SETTINGS = SessionSettings(system_instruction="You know all about herring.")
# What may not be seen: words, and what confirms a guess of them; nothing that an id or a time has by chance.
PHOTOGRAPHED, PAINTED = apart(PHOTO), apart(DRAWN)
MARKS = (b"herring", b"4711-B", *(digest.encode() for digest, _ in (PHOTOGRAPHED, PAINTED)))


class Fishmonger:
    """A model that streams what it says, and draws."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        self.prompts.append(prompt)
        parts: tuple[Part, ...] = (Text(SAID), CALL, inline(DRAWN.mime, DRAWN.data))
        if prompt.schema is not None:
            parts = (Text(msgspec.json.encode(Summary(what_happened=TOLD)).decode()),)
        if heard is not None:
            heard.begin()
            heard.hear(parts, None)
        return Answer(parts=parts, usage=Usage(prompt_tokens=500, output_tokens=50), model="m", finish="stop")


def shown(media: Media, text: str = SAID, **more: Any) -> Submission:
    digest, part = apart(media)
    return Submission(parts=(Text(text), part), media={digest: media}, **more)


def answer(store: Store, session: Session, model: Fishmonger) -> int:
    """Answer what waits, as a worker does."""
    settings, leases = Settings(store=store.settings), Leases(store)
    answering = Answering(
        store=store,
        model=model,
        settings=settings,
        windows=Windows(store, settings.budget),
        leases=leases,
        streams=Streams(store),
        ring=lambda _: None,
        ring_compaction=lambda _: None,
    )
    done = answer_session(answering, session, go_on=lambda: False)
    leases.close()
    return done


def compact(store: Store, session: Session) -> str:
    settings = Settings(store=store.settings, budget=BudgetSettings(recent_turns=1, trigger_turns=2))
    return compact_session(
        Compacting(store, Fishmonger(), settings, Windows(store, settings.budget)), session
    )


def live_through(store: Store, session: Session) -> list[str]:
    """Have all kinds of content in a session, and leave a turn in work, an offer, and what waits.

    Returns:
        The ids of its replies: two that were answered, one that failed, three more, the one in work, and one
        that two messages share.
    """
    sessions.configure(store, session, SETTINGS)
    said = []
    for number in range(2):
        said.append(submissions.submit(store, session, shown(PHOTO, idempotency_key=f"{number}")))
        assert answer(store, session, Fishmonger()) == 1
    said.append(submissions.submit(store, session, shown(PHOTO)))
    error = ReplyError("blocked", "no word about herring", retryable=False)
    turns.fail(store, claim(store, session, "fails"), error, go_on=False, ceiling=1000)
    assert compact(store, session) == "applied"
    for number in range(2):
        said.append(submissions.submit(store, session, Submission(parts=(Text(SAID * 3),))))
        commit(store, claim(store, session, f"t{number}"), SAID)
    said.append(submissions.submit(store, session, Submission(parts=(Text(SAID),))))
    claim(store, session, "works")
    assert compact(store, session) == "offered"
    for text in ("And herring?", "Or 4711-B?"):
        said.append(submissions.submit(store, session, shown(DRAWN, text, on_busy="merge")))
    return list(dict.fromkeys(each.reply_id for each in said))


def dump(redis: redis_py.Redis, session: Session) -> list[bytes]:
    """Give every key and value of a session, and what is within them that needs no secret to be read."""
    found: list[bytes] = []
    for key in redis.scan_iter(f"bs:*{session}:*"):
        found += [key, *_values(redis, key)]
    return [layer for value in found for layer in _layers(value)]


def _values(redis: redis_py.Redis, key: bytes) -> Iterator[bytes]:
    match redis.type(key):
        case b"string":
            yield redis.get(key) or b""
        case b"list":
            yield from redis.lrange(key, 0, -1)
        case b"hash":
            for name, value in redis.hgetall(key).items():
                yield from (name, value)
        case b"stream":
            for _, event in redis.xrange(key):
                yield from (part for pair in event.items() for part in pair)
        case other:
            raise AssertionError(f"a key of an unexpected kind: {other!r}")


def _layers(value: bytes) -> Iterator[bytes]:
    yield value
    for found in re.finditer(rb"x[\x01\x5e\x9c\xda]", value):  # as all that zlib compressed begins
        try:
            yield zlib.decompressobj().decompress(value[found.start() :])
        except zlib.error:
            continue
    for text in re.findall(rb"[A-Za-z0-9+/_-]{24,}={0,2}", value):
        yield b64decode(text[: len(text) // 4 * 4], altchars=b"-_" if b"_" in text or b"-" in text else None)


def seen(layers: list[bytes]) -> set[bytes]:
    """Tell which of the marks can be seen."""
    return {mark for mark in MARKS for layer in layers if mark in layer}
