"""Chapters: frozen summaries, each of an exact range of the history."""

from __future__ import annotations

import msgspec

CHAPTER_VERSION = 1


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """One summary of the messages `first` to `last`, never changed once it is written.

    `ts` is milliseconds since 1970, `prompt` the version of the summariser's instructions, and the
    tokens are those of the messages it stands for and its own.
    """

    v: int = CHAPTER_VERSION
    first: int
    last: int
    text: str
    model: str
    prompt: str
    ts: int
    tokens_before: int
    tokens_after: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Chapter)


def encode_chapter(chapter: Chapter) -> bytes:
    """Give the chapter as it is stored."""
    return _encoder.encode(chapter)


def decode_chapter(data: bytes) -> Chapter:
    """Read a stored chapter; fields of a newer version are passed over (the stored bytes keep them)."""
    return _decoder.decode(data)
