"""What a tenant may have: its sessions at a time, its tokens in a day, and what comes free again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis as redis_py

from backscroll.errors import TokensSpent, TooManySessions
from backscroll.messages.message import Usage
from backscroll.session import Session
from backscroll.settings import AccessSettings, StoreSettings
from backscroll.store import bounds, keys
from backscroll.store.redis import Store
from tests.stack.conditions import until
from tests.stack.expiry import eternal

TWO = AccessSettings(tenant_sessions=2)
THOUSAND = AccessSettings(tenant_tokens=1000)
DAY = 86_400.0


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
def nobody() -> Iterator[Store]:
    """A store that nobody answers."""
    found = Store(StoreSettings(redis_url="unix:///nowhere/redis.sock"))
    yield found
    found.close()


def begin(store: Store, tenant: str, *names: str) -> None:
    for name in names:
        bounds.admit_message(store, TWO, Session(tenant, name))


def set_up(store: Store, tenant: str, name: str, ttl: float | None) -> None:
    bounds.admit_settings(store, TWO, Session(tenant, name), ttl)


def refused(store: Store, tenant: str, name: str) -> float:
    """Begin one session too many, and give the seconds after which there is a place."""
    with pytest.raises(TooManySessions) as told:
        begin(store, tenant, name)
    assert told.value.code == "too_many_sessions"
    return told.value.delay


def held(store: Store, tenant: str) -> set[bytes]:
    return set(store.client.zrange(keys.of_tenant(tenant, "sessions"), 0, -1))


def test_a_tenant_has_as_many_sessions_as_it_may_and_goes_on_in_them(store: Store, tenant: str) -> None:
    begin(store, tenant, "a", "b")
    assert 6.9 * DAY < refused(store, tenant, "c") <= 7 * DAY
    begin(store, tenant, "a", "b", "a")
    begin(store, tenant + "x", "c")


def test_a_session_that_is_deleted_gives_its_place_back(store: Store, tenant: str) -> None:
    begin(store, tenant, "a", "b")
    bounds.leave(store, TWO, Session(tenant, "a"))
    begin(store, tenant, "c")
    refused(store, tenant, "a")


def admitted(store: Store, tenant: str, name: str) -> str:
    return bounds.admit_message(store, TWO, Session(tenant, name))


def test_a_place_is_given_back_once_by_whom_it_was_given_to(store: Store, tenant: str) -> None:
    place = admitted(store, tenant, "a")
    assert place
    for _ in range(2):
        bounds.leave(store, TWO, Session(tenant, "a"), place)
    assert held(store, tenant) == set()
    assert admitted(store, tenant, "a") not in ("", place)


def test_a_place_stays_that_somebody_else_was_admitted_to_since(store: Store, tenant: str) -> None:
    # Of two first messages of a session one may be refused, the other not: however close they come.
    for number in range(20):
        place = admitted(store, tenant, "a")
        assert admitted(store, tenant, "a") == "", "it is not the second one's to give back"
        bounds.leave(store, TWO, Session(tenant, "a"), place)
        assert held(store, tenant) == {b"a"}, number
        bounds.leave(store, TWO, Session(tenant, "a"))


def test_a_session_that_expires_gives_its_place_back(store: Store, tenant: str) -> None:
    set_up(store, tenant, "a", 0.05)
    begin(store, tenant, "b")
    until("the first has expired", lambda: begun(store, tenant, "c"))
    assert held(store, tenant) == {b"b", b"c"}
    assert store.client.hlen(keys.of_tenant(tenant, "ttls")) == 0


def begun(store: Store, tenant: str, name: str) -> bool:
    try:
        begin(store, tenant, name)
    except TooManySessions:
        return False
    return True


def test_a_session_lives_as_its_settings_say_until_they_say_otherwise(store: Store, tenant: str) -> None:
    set_up(store, tenant, "a", 60)
    begin(store, tenant, "a", "b")
    assert 50 < refused(store, tenant, "c") <= 60
    set_up(store, tenant, "a", None)
    assert refused(store, tenant, "c") > 6 * DAY


def test_a_place_that_nobody_comes_back_to_is_forgotten_with_its_session(store: Store, tenant: str) -> None:
    set_up(store, tenant, "a", 60)
    names = ("sessions", "ttls")
    assert all(store.client.pttl(keys.of_tenant(tenant, name)) <= 60_000 for name in names)
    begin(store, tenant, "b")
    assert all(store.client.pttl(keys.of_tenant(tenant, name)) > 6 * DAY * 1000 for name in names)
    assert eternal(store.client, "bs:{tenant/*") == []


def test_tokens_are_spent_until_midnight(store: Store, tenant: str) -> None:
    session = Session(tenant, "a")
    bounds.spend(store, THOUSAND, tenant, "r_1", 999)
    bounds.admit_message(store, THOUSAND, session)
    bounds.spare_tokens(store, THOUSAND, tenant)
    bounds.spend(store, THOUSAND, tenant, "r_2", 1)
    midnight = DAY - time.time() % DAY
    for ask in (
        lambda: bounds.admit_message(store, THOUSAND, session),
        lambda: bounds.spare_tokens(store, THOUSAND, tenant),
    ):
        with pytest.raises(TokensSpent) as told:
            ask()
        assert told.value.code == "token_budget_spent"
        assert (told.value.delay - midnight + 60) % DAY < 120
    bounds.spare_tokens(store, THOUSAND, tenant + "x")
    bounds.admit_settings(store, THOUSAND, session, None)  # settings cost none


def test_what_was_counted_is_not_counted_again_when_the_answer_to_the_call_was_lost(
    store: Store, tenant: str
) -> None:
    for _ in range(3):
        bounds.spend(store, THOUSAND, tenant, "r_1", 600)
    bounds.spare_tokens(store, THOUSAND, tenant)


def test_without_a_limit_nobody_is_asked_and_nothing_is_counted(
    nobody: Store, store: Store, redis: redis_py.Redis, tenant: str
) -> None:
    free = AccessSettings()
    bounds.admit_message(nobody, free, Session(tenant, "a"))
    bounds.admit_settings(nobody, free, Session(tenant, "a"), 60)
    bounds.spare_tokens(nobody, free, tenant)
    bounds.leave(nobody, free, Session(tenant, "a"))
    bounds.spend(store, free, tenant, "r_1", 5)
    assert list(redis.scan_iter(f"bs:{{tenant/{tenant}}}:*")) == []


def test_what_cannot_be_counted_stops_no_turn(
    nobody: Store, tenant: str, caplog: pytest.LogCaptureFixture
) -> None:
    bounds.spend(nobody, THOUSAND, tenant, "r_1", 5)
    assert "tokens not counted: what=r_1" in caplog.text


def test_a_tenants_keys_lie_in_one_slot_of_a_cluster_and_are_no_shards(tenant: str) -> None:
    found = {keys.of_tenant("5", name) for name in ("sessions", "ttls", "tokens")}
    assert {key[: key.index("}") + 1] for key in found} == {"bs:{tenant/5}"}


def test_a_turn_costs_all_that_the_model_read_thought_and_wrote() -> None:
    assert bounds.tokens_of(Usage(prompt_tokens=5, output_tokens=2, thought_tokens=1, total_tokens=8)) == 8
    assert bounds.tokens_of(Usage(prompt_tokens=5, output_tokens=2, thought_tokens=1)) == 8
    assert bounds.tokens_of(Usage()) == 0
