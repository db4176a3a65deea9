"""Sizes of turns: as near to the truth as the meter's buckets, whoever has counted them."""

from __future__ import annotations

import math
from collections import Counter
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backscroll.compaction.sizes import percentile, turn_sizes
from backscroll.store.meter import Meter, bucket, tokens_of
from tests.unit.measured import drawn, meter_of

sizes = st.lists(st.integers(1, 100_000), min_size=1, max_size=200)


def true_percentile(found: list[int], share: float) -> int:
    return sorted(found)[math.ceil(share * len(found)) - 1]


@given(sizes, st.floats(0.01, 1.0))
def test_a_percentile_is_in_the_bucket_of_the_true_one(found: list[int], share: float) -> None:
    assert percentile(meter_of(found).histogram, share) == tokens_of(bucket(true_percentile(found, share)))


@given(st.lists(st.integers(50, 100_000), min_size=1, max_size=200))
def test_percentiles_are_right_within_nine_percent(found: list[int]) -> None:
    said = turn_sizes(meter_of(found))
    assert said is not None
    assert said.p50 == pytest.approx(true_percentile(found, 0.50), rel=0.10)
    assert said.p95 == pytest.approx(true_percentile(found, 0.95), rel=0.10)


@given(sizes, sizes)
def test_what_two_have_counted_is_what_one_would_have(some: list[int], others: list[int]) -> None:
    one, other = meter_of(some), meter_of(others)
    both = Meter(
        turns=one.turns + other.turns,
        tokens=one.tokens + other.tokens,
        histogram=dict(Counter(one.histogram) + Counter(other.histogram)),
    )
    assert turn_sizes(both) == turn_sizes(meter_of(others + some))


@given(sizes)
def test_the_mean_is_exact(found: list[int]) -> None:
    said = turn_sizes(meter_of(found))
    assert said is not None
    assert (said.turns, said.mean) == (len(found), pytest.approx(fmean(found)))


def test_the_deviation_is_near_the_true_one() -> None:
    found = drawn(400, turns=2000)
    said = turn_sizes(meter_of(found))
    assert said is not None
    assert said.deviation == pytest.approx(pstdev(found), rel=0.05)


def test_95_of_100_sums_of_turns_stay_below_what_is_said_of_them() -> None:
    found = drawn(400, turns=20_000)
    said = turn_sizes(meter_of(found))
    assert said is not None
    sums = [sum(found[start : start + 10]) for start in range(0, len(found), 10)]
    assert sum(total <= said.p95_of(10) for total in sums) / len(sums) == pytest.approx(0.95, abs=0.02)
    assert said.p95_of(10) < 10 * said.p95, "ten turns are not all large at once"


def test_nothing_is_said_of_turns_that_were_not_measured() -> None:
    assert turn_sizes(Meter()) is None
    assert turn_sizes(Meter(compactions=3, summary_calls=4)) is None
    assert percentile({}, 0.5) is None


def test_a_meter_without_a_histogram_still_has_its_mean() -> None:
    said = turn_sizes(replace(meter_of([100, 300]), histogram={}))
    assert said is not None
    assert (said.mean, said.deviation, said.p50, said.p95) == (200, 0, 200, 200)
