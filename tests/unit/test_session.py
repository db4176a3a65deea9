"""The names of sessions, and the shards that they lie in."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.errors import InvalidRequest
from backscroll.session import Session
from backscroll.store import keys

NAME = r"[A-Za-z0-9._~-]{1,128}"
names = st.from_regex(NAME, fullmatch=True).filter(lambda name: name not in (".", ".."))


@given(names, names)
def test_a_name_of_the_form_is_taken_and_read_back(tenant: str, name: str) -> None:
    session = Session(tenant, name)
    assert str(session) == f"{tenant}/{name}"
    assert Session.parse(str(session)) == session


@pytest.mark.parametrize("name", ["a", "a" * 128, "A-Z_0.9~", "-", "2f1e7c52-8b1d-4c5e"])
def test_names_that_are_taken(name: str) -> None:
    assert Session("default", name).id == name


@pytest.mark.parametrize(
    "name", ["", "a" * 129, "a b", "a/b", "a:b", "{a}", "ä", "\u0661", "a\n", "\n", "a\x00", "%41", "*"]
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as session:
        Session("default", name)
    with pytest.raises(InvalidRequest) as tenant:
        Session(name, "s")
    assert (session.value.field, tenant.value.field) == ("session", "tenant")


@pytest.mark.parametrize("text", ["", "default", "/s", "default/", "a/b/c", "//"])
def test_what_no_session_was_written_as_is_not_read_as_one(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Session.parse(text)


@pytest.mark.parametrize(
    ("session", "shard"),
    [
        ("default/s-1", 63),
        ("default/s-2", 5),
        ("default/another", 45),
        ("acme/s-1", 57),
    ],
)
def test_a_session_lies_in_the_same_shard_for_ever(session: str, shard: int) -> None:
    assert Session.parse(session).shard(64) == shard


@given(names, names, st.integers(1, 4096))
def test_a_shard_is_one_of_those_there_are(tenant: str, name: str, shards: int) -> None:
    assert 0 <= Session(tenant, name).shard(shards) < shards


def test_sessions_spread_over_all_shards() -> None:
    spread = Counter(Session("default", f"s-{number}").shard(64) for number in range(6400))
    assert len(spread) == 64
    assert max(spread.values()) < 200


@given(names, names, st.integers(1, 4096))
def test_all_keys_of_a_session_lie_in_its_shards_slot(tenant: str, name: str, shards: int) -> None:
    session = Session(tenant, name)
    found = [*keys.of_session(session, shards), keys.idempotency(session, shards, "digest")]
    assert {key[: key.index("}") + 1] for key in found} == {f"bs:{{{session.shard(shards)}}}"}
    assert len(set(found)) == len(found)


@given(names, names, names, names)
def test_two_sessions_share_no_key_but_their_shards_own(a: str, b: str, c: str, d: str) -> None:
    one, other = Session(a, b), Session(c, d)
    common = set(keys.of_session(one, 1)) & set(keys.of_session(other, 1))
    assert one == other or common == {*keys.of_shard(0), keys.meter(0)}
