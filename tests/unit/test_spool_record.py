"""A spooled turn as a line: whole and as it was, or known not to be."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.cipher import PLAIN, Cipher
from backscroll.errors import Sealed
from backscroll.messages.media import Media, apart
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Text
from backscroll.sealing import Sealing
from backscroll.session import Session
from backscroll.spool.record import decode, encode
from backscroll.store.recover import Answered, DegradedTurn
from backscroll.store.replies import ReplyError


def plain(_: Session) -> Cipher:
    return PLAIN


STORED = Path(__file__).parent / "stored"

PICTURE = Media("image/png", b"\x89PNG\r\n\x00\xff")
DIGEST, PART = apart(PICTURE)
TURN = DegradedTurn(
    session=Session("acme", "ferry-7"),
    reply_id="r_0123456789abcdef01234567",
    reason="store_unavailable",
    accepted_at=1_767_225_600_000,
    finished_at=1_767_225_601_500,
    request=(Text("Was kostet die Fähre\nnach 上海? 🛳"), PART),
    answer=Answered(
        parts=(Text("42,50 €.", signature="//79+w=="), Other({"type": "hologram"})),
        model="gemini-3.5-flash-001",
        asked="gemini-3.5-flash",
        usage=Usage(prompt_tokens=12, output_tokens=9),
        complete=False,
    ),
    media={DIGEST: PICTURE},
    model="gemini-3.5-flash",
    idempotency=("d1", "f1"),
)
FAILED = msgspec.structs.replace(
    TURN, answer=None, media={}, error=ReplyError("blocked", "refused", retryable=False)
)


@pytest.mark.parametrize("turn", [TURN, FAILED], ids=["answered", "failed"])
def test_a_turn_comes_back_as_it_was(turn: DegradedTurn) -> None:
    line = encode(turn, PLAIN)
    assert decode(line, plain) == turn
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_a_line_of_the_first_form_is_read_for_ever() -> None:
    line = (STORED / "spool-v1-line.txt").read_bytes()
    assert decode(line, plain) == TURN
    assert encode(TURN, PLAIN) == line


@given(st.data())
def test_what_a_crash_leaves_of_a_line_is_no_line(data: st.DataObject) -> None:
    line = encode(TURN, PLAIN)
    end = data.draw(st.integers(0, len(line) - 2))
    with pytest.raises(ValueError, match="not a whole line"):
        decode(line[:end], plain)


@given(st.data())
def test_neither_is_one_in_which_anything_has_changed(data: st.DataObject) -> None:
    line = bytearray(encode(TURN, PLAIN))
    at = data.draw(st.integers(0, len(line) - 2))
    line[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="not a whole line"):
        decode(bytes(line), plain)


def test_with_keys_nothing_of_what_was_said_can_be_read_in_a_line() -> None:
    sealing = Sealing({"k1": bytes(32)})
    line = encode(TURN, sealing.cipher(str(TURN.session)))
    for word in ("Fähre", "42,50", "PNG", "fingerprint", "iVBORw"):
        assert word.encode() not in line
    assert decode(line, lambda session: sealing.cipher(str(session))) == TURN
    with pytest.raises(Sealed):
        decode(line, lambda session: Sealing({"k2": bytes(32)}).cipher(str(session)))


def test_a_line_does_not_open_as_another_sessions() -> None:
    cipher = Sealing({"k1": bytes(32)}).cipher("acme/another")
    with pytest.raises(Sealed):
        decode(encode(TURN, Sealing({"k1": bytes(32)}).cipher(str(TURN.session))), lambda _: cipher)
