"""What changed of a ledger, and that it makes the new one of the old one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backscroll.ledger.changes import apply_change, encode_change
from backscroll.ledger.extend import extend
from backscroll.ledger.ledger import Ledger, Pending, Said, Value, encode_ledger
from backscroll.ledger.room import bounded
from backscroll.messages.message import Message
from backscroll.messages.part import Text

entries = st.builds(
    lambda seq, rank, text: Said(seq, "user", seq, (Value(text, "name", rank, seq),)),
    st.integers(1, 30),
    st.integers(0, 2),
    st.sampled_from(["Bergen", "4711-B"]),
)
ledgers = st.builds(
    lambda said, pending, dropped, size: Ledger(
        said=tuple(sorted(said, key=lambda each: each.seq)),
        pending=(Pending(1, "model", 0, "confirmation", "Shall I?"),) * pending,
        dropped=dropped,
        covered=size,
        spoken=size,
    ),
    st.lists(entries, unique_by=lambda each: each.seq),
    st.integers(0, 1),
    st.integers(0, 5),
    st.integers(0, 10**6),
)


@given(ledgers, ledgers)
def test_a_change_makes_the_new_ledger_of_the_old_one(before: Ledger, after: Ledger) -> None:
    assert apply_change(before, encode_change(before, after)) == after


def test_of_a_long_conversation_a_change_is_a_small_part_of_the_ledger() -> None:
    ledger = before = Ledger()
    for seq in range(1, 3000, 10):
        said = [
            Message(seq=number, role="user", ts=number, parts=(Text(f"Book FX-{number * 7919} to Bergen."),))
            for number in range(seq, seq + 10)
        ]
        before, ledger = ledger, bounded(extend(ledger, said), 1500)
    change = encode_change(before, ledger)
    assert apply_change(before, change) == ledger
    assert len(change) < len(encode_ledger(ledger)) / 5
