"""What the ledger holds, and its stored form."""

from __future__ import annotations

import zlib

import msgspec

from backscroll.decoding import inflate, read
from backscroll.messages.message import Role


class Value(msgspec.Struct, frozen=True, array_like=True):
    """An exact value as it was said. `rank` is what it is worth, `last` the seq of its last mention."""

    text: str
    kind: str
    rank: int
    last: int


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What one message brought into the conversation. `ts` is milliseconds since 1970."""

    seq: int
    role: Role
    ts: int
    values: tuple[Value, ...]


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A task that nobody has finished: a request for a decision, or a call without its response.

    `answered` by a message that stays verbatim in the context: the next compaction will take that in.
    """

    seq: int
    role: Role
    ts: int
    kind: str
    text: str
    answered: bool = False


class Ledger(msgspec.Struct, frozen=True, omit_defaults=True, weakref=True, cache_hash=True):
    """Everything that is carried verbatim.

    `dropped` counts the values for which there was no room. `covered` are the tokens of all messages that
    the ledger stands for, `spoken` those of their texts alone.
    """

    v: int = 1
    said: tuple[Said, ...] = ()
    pending: tuple[Pending, ...] = ()
    dropped: int = 0
    covered: int = 0
    spoken: int = 0

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not (self.said or self.open)

    @property
    def open(self) -> tuple[Pending, ...]:
        """What nobody has answered so far."""
        return tuple(pending for pending in self.pending if not pending.answered)


# A ledger at its bound is some 30 kB of JSON, and a quarter of it compressed. The usual level makes that
# a tenth less, and takes three times as long.
_LEVEL = 1
# Far more than any ledger has.
_MOST_BYTES = 64 * 1024 * 1024

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Ledger)


def encode_ledger(ledger: Ledger) -> bytes:
    """Give the ledger as it is stored: JSON, compressed by zlib."""
    return deflate(_encoder.encode(ledger))


def decode_ledger(data: bytes | None) -> Ledger:
    """Read a stored ledger; one that was never written is empty. What begins with `{` is not compressed.

    Raises:
        msgspec.MsgspecError: when `data` is no ledger.
    """
    if not data:
        return Ledger()
    return read(_decoder, data if data.startswith(b"{") else inflated(data))


def deflate(data: bytes) -> bytes:
    """Compress what is stored of a ledger."""
    return zlib.compress(data, _LEVEL)


def inflated(data: bytes) -> bytes:
    """Undo `deflate`.

    Raises:
        msgspec.MsgspecError: when `data` is not what it gives.
    """
    return inflate(data, _MOST_BYTES)


def weight(ledger: Ledger) -> int:
    """Tell how many bytes a ledger has as JSON."""
    return len(_encoder.encode(ledger))
