"""Quantiles out of a histogram's buckets, as Prometheus estimates them."""

from __future__ import annotations

import pytest

from worker.measured import quantile

INF = float("inf")


def test_a_quantile_lies_evenly_within_its_bucket() -> None:
    buckets = [(1.0, 10.0), (2.0, 30.0), (INF, 30.0)]
    assert quantile(buckets, 0.5) == pytest.approx(1.25)
    assert quantile(buckets, 1 / 6) == pytest.approx(0.5)
    assert quantile(buckets, 1.0) == pytest.approx(2.0)


def test_beyond_the_last_bound_that_bound_is_told() -> None:
    assert quantile([(1.0, 1.0), (INF, 100.0)], 0.95) == 1.0


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile([(1.0, 0.0), (INF, 0.0)], 0.5) is None
    assert quantile([(INF, 0.0)], 0.5) is None


def test_empty_buckets_below_are_passed_over() -> None:
    assert quantile([(1.0, 0.0), (2.0, 4.0), (INF, 4.0)], 0.5) == pytest.approx(1.5)
