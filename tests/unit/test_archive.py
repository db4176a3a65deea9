"""Archive blocks: every covered message comes out as it went in, and each block says what it holds."""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.messages.archive import MESSAGES_A_BLOCK, pack, unpack
from backscroll.messages.codec import encode
from backscroll.messages.message import Message
from backscroll.messages.part import Text

firsts = st.integers(1, 10**9)
# Stored messages are JSON, so no line break stands in them as itself.
stored = st.builds(
    lambda texts, times: [msgspec.json.encode([text, n]) for n in range(times) for text in texts],
    st.lists(st.text(), min_size=1, max_size=5),
    st.integers(0, 50),
)


def head(block: bytes) -> tuple[int, int]:
    """Read a block's range as `lua/read_history.lua` does."""
    found = re.match(rb"[0-9]+ ([0-9]+) ([0-9]+)\n", block)
    assert found
    return int(found[1]), int(found[2])


@given(firsts, stored)
def test_messages_come_out_as_they_went_in_each_with_its_seq(first: int, messages: list[bytes]) -> None:
    found = [entry for block in pack(first, messages) for entry in unpack(block)]
    assert found == list(enumerate(messages, first))


@given(firsts, stored)
def test_a_head_names_the_first_and_last_seq_of_its_block(first: int, messages: list[bytes]) -> None:
    for block in pack(first, messages):
        seqs = [seq for seq, _ in unpack(block)]
        assert head(block) == (seqs[0], seqs[-1])


@given(firsts, stored.filter(bool))
def test_blocks_cover_the_range_without_gap_or_overlap(first: int, messages: list[bytes]) -> None:
    ranges = [head(block) for block in pack(first, messages)]
    assert ranges[0][0] == first
    assert ranges[-1][1] == first + len(messages) - 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))
    assert all(high - low < MESSAGES_A_BLOCK for low, high in ranges)


def test_nothing_makes_no_block() -> None:
    assert pack(1, []) == []


def test_a_conversation_shrinks_in_its_archive() -> None:
    remark = (Text("A remark on the price of herring in the old town."),)
    messages = [encode(Message(seq=seq, role="user", ts=seq, parts=remark)) for seq in range(1, 65)]
    (block,) = pack(1, messages)
    assert len(block) < sum(map(len, messages)) / 3


def test_a_block_of_an_unknown_form_is_refused() -> None:
    (block,) = pack(1, [b"{}"])
    with pytest.raises(msgspec.MsgspecError, match="unknown form b'2 "):
        list(unpack(b"2" + block[1:]))
