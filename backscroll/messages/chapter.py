"""Chapters: frozen summaries, each of an exact range of the history."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from backscroll.decoding import read
from backscroll.messages.quoting import one_line

CHAPTER_VERSION = 2


class OpenTask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was left to do, by `owner` until `due`, each as it was said, or empty."""

    task: str
    owner: str = ""
    due: str = ""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary says: the schema that the summary model is held to."""

    what_happened: str
    decisions: tuple[str, ...] = ()
    open_tasks: tuple[OpenTask, ...] = ()
    facts: tuple[str, ...] = ()


class Chapter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One summary of the messages `first` to `last`, never changed once it is written.

    `text` tells what happened. `level` counts how often the messages have been summarised before: a
    chapter that was merged from others stands one above the highest of them. `ts` is milliseconds since
    1970, `prompt` the version of the summariser's instructions; the tokens are those of the messages it
    stands for and its own. `refused` are the reasons for which the gate refused what was written for this
    range before, oldest first.
    """

    v: int = 1  # those of the first version did not all say so
    first: int
    last: int
    text: str
    decisions: tuple[str, ...] = ()
    open_tasks: tuple[OpenTask, ...] = ()
    facts: tuple[str, ...] = ()
    level: int = 0
    model: str
    prompt: str
    ts: int
    tokens_before: int
    tokens_after: int
    refused: tuple[str, ...] = ()


def render(chapter: Chapter | Summary) -> str:
    """Write what a chapter says as the model is shown it: a line for each thing, and no line more."""
    return "\n".join(map(one_line, _lines(chapter)))


def _lines(chapter: Chapter | Summary) -> Iterator[str]:
    yield chapter.text if isinstance(chapter, Chapter) else chapter.what_happened
    for decision in chapter.decisions:
        yield f"decided: {decision}"
    for task in chapter.open_tasks:
        who = f" ({task.owner})" if task.owner else ""
        due = f", due {task.due}" if task.due else ""
        yield f"open: {task.task}{who}{due}"
    for fact in chapter.facts:
        yield f"fact: {fact}"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Chapter)


def encode_chapter(chapter: Chapter) -> bytes:
    """Give the chapter as it is stored."""
    return _encoder.encode(chapter)


def decode_chapter(data: bytes) -> Chapter:
    """Read a stored chapter of any version; what a newer one added is passed over, but stays stored.

    Raises:
        msgspec.MsgspecError: when `data` is no chapter.
    """
    return read(_decoder, data)
