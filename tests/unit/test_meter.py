"""The meter's buckets: few, in order, and narrow enough to plan by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backscroll.store.meter import bucket, tokens_of

turns = st.integers(1, 2**24)


@given(turns)
def test_a_bucket_stands_for_its_turns_within_a_tenth(tokens: int) -> None:
    assert abs(tokens_of(bucket(tokens)) - tokens) <= max(1, tokens / 10)


@given(turns, turns)
def test_more_tokens_are_never_in_a_lower_bucket(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)


def test_a_quarter_of_an_octave_makes_a_bucket() -> None:
    assert [bucket(2**power) for power in range(12)] == list(range(0, 48, 4))


def test_whatever_a_turn_has_there_are_a_hundred_buckets_at_most() -> None:
    assert {bucket(tokens) for tokens in (-5, 0, 1)} == {0}
    assert bucket(10**12) == 99
