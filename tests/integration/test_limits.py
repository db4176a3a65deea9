"""Limits in an outage: who cannot be counted is served, and how often that was so can be seen."""

from __future__ import annotations

import pytest

from backscroll.errors import RateLimited
from backscroll.metrics import REGISTRY
from backscroll.session import Session
from backscroll.settings import AccessSettings
from backscroll.store.redis import Store
from web.limits import Limits

ALL = AccessSettings(requests_per_minute=2, tenant_sessions=1, tenant_tokens=1)


def unchecked(limit: str) -> float:
    return REGISTRY.get_sample_value("backscroll_unchecked_limits_total", {"limit": limit}) or 0.0


def test_who_cannot_be_counted_is_served(nobody: Store) -> None:
    limits, session = Limits(nobody, ALL), Session("tenant", "s1")
    before = {limit: unchecked(limit) for limit in ("requests", "sessions", "tokens")}
    limits.take_request("tenant")
    limits.admit_message(session)
    limits.spare_tokens(session)
    limits.leave(session)
    after = {limit: unchecked(limit) for limit in before}
    assert {limit: after[limit] - before[limit] for limit in before} == {
        "requests": 1,
        "sessions": 2,
        "tokens": 1,
    }


def test_requests_are_bounded_by_each_process_then(nobody: Store) -> None:
    limits = Limits(nobody, ALL)
    limits.take_request("tenant")
    limits.take_request("tenant")
    with pytest.raises(RateLimited):
        limits.take_request("tenant")
    limits.take_request("other")


def test_limits_that_are_not_set_ask_nobody(nobody: Store) -> None:
    limits, session = Limits(nobody, AccessSettings()), Session("tenant", "s1")
    before = unchecked("sessions")
    limits.take_request("tenant")
    limits.admit_message(session)
    limits.leave(session)
    assert unchecked("sessions") == before
