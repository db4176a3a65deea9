"""Sealed values: they open where they were sealed, with the key that sealed them, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.cipher import FORM, PLAIN, Cipher
from backscroll.errors import Sealed
from backscroll.metrics import REGISTRY
from backscroll.sealing import Sealing

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SECRET = b'[2,1,"u",1767225600000,"the locker has the code 4711-B"]'

SEALED = Sealing({"k1": OLD}).cipher("acme/s")
ROTATED = Sealing({"k2": NEW, "k1": OLD}).cipher("acme/s")


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("backscroll_sealed_values_total", {"reason": reason}) or 0.0


@given(st.binary(max_size=2000), st.text(max_size=20))
def test_what_is_sealed_opens_to_the_byte(value: bytes, place: str) -> None:
    assert SEALED.open("message", SEALED.seal("message", value, place), place) == value


@given(st.text(), st.sampled_from((PLAIN, SEALED)))
def test_what_was_stored_before_there_were_keys_still_loads(text: str, cipher: Cipher) -> None:
    # All that was stored begins like UTF-8: JSON, the head of an archive block, the kind of media.
    assert cipher.open("message", text.encode()) == text.encode()


def test_without_keys_nothing_changes() -> None:
    assert PLAIN.seal("message", SECRET) is SECRET
    assert PLAIN.tags("media", "abc") == ("abc",)


def test_nothing_of_the_value_shows() -> None:
    sealed = SEALED.seal("message", SECRET)
    assert sealed.startswith(FORM)
    assert not any(word in sealed for word in (b"locker", b"4711", b"parts"))
    assert SEALED.seal("message", SECRET) != sealed


def test_a_value_grows_by_the_length_of_its_head_and_tag() -> None:
    assert len(SEALED.seal("message", SECRET)) - len(SECRET) == 2 + len("k1") + 12 + 16


@pytest.mark.parametrize(
    ("cipher", "kind", "place"),
    [
        (Sealing({"k1": OLD}).cipher("acme/other"), "answer", "r_1"),
        (Sealing({"k1": OLD}).cipher("umbrella/s"), "answer", "r_1"),
        (Sealing({"k1": NEW}).cipher("acme/s"), "answer", "r_1"),
        (SEALED, "message", "r_1"),
        (SEALED, "answer", "r_2"),
    ],
    ids=["another session", "another tenant", "another key of this id", "another kind", "another place"],
)
def test_a_value_opens_nowhere_but_where_it_was_sealed(cipher: Cipher, kind: str, place: str) -> None:
    sealed, before = SEALED.seal("answer", SECRET, "r_1"), counted("not_authentic")
    with pytest.raises(Sealed, match="'k1'") as caught:
        cipher.open(kind, sealed, place)  # type: ignore[arg-type]  # one of the kinds
    assert caught.value.code == "sealed"
    assert counted("not_authentic") == before + 1


@pytest.mark.parametrize(
    "spoil",
    [
        *(
            lambda sealed, at=at: sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
            for at in (1, 2, 4, 20, -1)
        ),
        *(lambda sealed, end=end: sealed[:end] for end in (1, 2, 3, 4, 5, 15, 31, -1)),
        lambda sealed: sealed + b"\0",
        lambda sealed: sealed[:1] + b"\xff" * 300,
    ],
)
def test_a_value_that_was_spoiled_is_told_as_such(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Sealed):
        SEALED.open("message", spoil(SEALED.seal("message", SECRET)))


def test_a_key_that_is_not_there_is_named() -> None:
    before = counted("no_key")
    for cipher in (PLAIN, Sealing({"k2": NEW}).cipher("acme/s")):
        with pytest.raises(Sealed, match="sealed with the key 'k1'") as caught:
            cipher.open("message", SEALED.seal("message", SECRET))
        assert caught.value.delay
    assert counted("no_key") == before + 2


def test_the_first_key_seals_and_all_of_them_open() -> None:
    assert ROTATED.open("message", SEALED.seal("message", SECRET)) == SECRET
    with pytest.raises(Sealed, match="'k2'"):
        SEALED.open("message", ROTATED.seal("message", SECRET))


def test_keys_that_only_open_seal_nothing() -> None:
    opens = Sealing({"k1": OLD}, seals=False).cipher("acme/s")
    assert opens.seal("message", SECRET) == SECRET
    assert opens.open("message", SEALED.seal("message", SECRET)) == SECRET
    assert opens.tags("media", "abc") == ("abc", SEALED.tags("media", "abc")[0])


def test_a_digest_is_keyed_and_known_again_after_a_rotation() -> None:
    (now, plain), rotated = SEALED.tags("media", "abc"), ROTATED.tags("media", "abc")
    assert (now[:3], plain) == ("k1:", "abc")
    assert rotated[0].startswith("k2:")
    assert rotated[1:] == (now, plain)
    assert SEALED.tags("fingerprint", "abc")[0] != now
    assert Sealing({"k1": OLD}).cipher("acme/other").tags("media", "abc")[0] != now


def test_a_digest_whose_key_is_not_there_is_not_taken_for_another() -> None:
    (tag, plain) = ROTATED.tags("media", "abc")[0], "abc"
    for cipher in (PLAIN, SEALED):
        cipher.check_tag(plain)
        with pytest.raises(Sealed, match="'k2'"):
            cipher.check_tag(tag)
    ROTATED.check_tag(tag)


def test_threads_share_a_cipher() -> None:
    values = [b"%d" % number * 100 for number in range(400)]

    def there_and_back(value: bytes) -> bytes:
        return SEALED.open("message", SEALED.seal("message", value))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(there_and_back, values)) == values


def test_a_session_has_one_cipher_which_is_kept() -> None:
    sealing = Sealing({"k1": OLD})
    assert sealing.cipher("acme/s") is sealing.cipher("acme/s")
