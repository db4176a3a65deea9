"""How much the ledger may hold, and what goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backscroll.ledger.ledger import Ledger, Pending, Said, Value
from backscroll.ledger.rendering import render
from backscroll.ledger.room import bounded, room
from backscroll.messages import tokens

kept = st.builds(
    Value, st.text("abc ", min_size=1, max_size=20), st.just("name"), st.integers(0, 9), st.integers(1, 99)
)
# Each stands for so much that only the setting bounds it.
ledgers = st.lists(st.lists(kept, min_size=1, max_size=4), max_size=20).map(
    lambda lists: Ledger(
        said=tuple(Said(seq, "user", 0, tuple(values)) for seq, values in enumerate(lists, 1)),
        pending=(Pending(1, "model", 0, "confirmation", "Shall I?"),),
        covered=10**6,
        spoken=10**6,
    )
)


def values(ledger: Ledger) -> list[Value]:
    return [value for entry in ledger.said for value in entry.values]


@given(ledgers, st.integers(0, 200))
def test_a_bounded_ledger_fits_and_counts_honestly_what_it_left_out(ledger: Ledger, most: int) -> None:
    small = bounded(ledger, most)
    assert tokens.of_text(render(small)) <= most
    gone = len(ledger.pending) - len(small.pending)
    assert small.dropped == len(values(ledger)) - len(values(small)) + gone
    assert not gone or not small.said, "what is open goes last"


@given(ledgers, st.integers(0, 200))
def test_nothing_is_left_out_for_what_is_worth_less(ledger: Ledger, most: int) -> None:
    small = values(bounded(ledger, most))
    gone = list(values(ledger))
    for value in small:
        gone.remove(value)
    if gone and small:
        assert max((value.rank, value.last) for value in gone) <= min(
            (value.rank, value.last) for value in small
        )


def test_what_is_open_stays_in_a_ledger_that_stands_for_little() -> None:
    pending = (Pending(1, "model", 0, "confirmation", "Shall I book the two seats to Bergen?"),)
    said = (Said(1, "user", 0, (Value("Bergen", "word", 5, 1),)),)
    small = bounded(Ledger(said=said, pending=pending, covered=10, spoken=10), 1_500)
    assert (small.said, small.pending) == ((), pending)


def test_a_ledger_has_a_share_of_what_it_stands_for_and_never_more_than_the_setting() -> None:
    talk = [room(Ledger(covered=size, spoken=size), 1_500) for size in (0, 1_000, 2_000, 10_000, 10**6)]
    assert talk == sorted(talk)
    assert talk[0] == 0
    assert talk[-1] == 1_500
    assert room(Ledger(covered=10_000, spoken=0), 1_500) < talk[3], "what tools return is bulk"
    assert room(Ledger(covered=10_000, spoken=10_000), 0) == 0
