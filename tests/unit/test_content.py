"""Content as it is stored: whatever was sealed, and whatever was not, is read side by side."""

from __future__ import annotations

import pytest

from backscroll.cipher import PLAIN, Cipher
from backscroll.errors import Sealed
from backscroll.messages import archive
from backscroll.messages.codec import encode_parts
from backscroll.messages.part import Other, Part, Text
from backscroll.sealing import Sealing
from backscroll.store import content

SEALED = Sealing({"k1": bytes(32)}).cipher("acme/s")
SAID: tuple[Part, ...] = (Text("one"), Other({"type": "later", "of": ["another", "version"]}))


def merged(*requests: bytes) -> bytes:
    """Join arrays as the script does that merges what waits."""
    return b"[" + b",".join(request[1:-1] for request in requests) + b"]"


@pytest.mark.parametrize("ciphers", [(PLAIN, SEALED), (SEALED, PLAIN), (SEALED, SEALED), (PLAIN, PLAIN)])
def test_requests_are_merged_without_a_look_inside(ciphers: tuple[Cipher, Cipher]) -> None:
    requests = [content.encode_request(cipher, SAID) for cipher in ciphers]
    assert content.decode_request(SEALED, merged(*requests)) == SAID + SAID


def test_two_requests_that_may_be_merged_plain_may_be_merged_sealed() -> None:
    said = (Text("x" * 3000),)
    plain, sealed = (len(content.encode_request(cipher, said)) for cipher in (PLAIN, SEALED))
    assert content.room_for_requests(PLAIN, plain) == plain
    assert abs(content.room_for_requests(SEALED, plain) - sealed) < 100


def test_without_keys_everything_is_stored_as_its_codec_writes_it() -> None:
    assert content.encode_request(PLAIN, SAID) == encode_parts(SAID)
    assert content.encode_answer(PLAIN, "r_1", SAID) == encode_parts(SAID)
    assert content.pack_archive(PLAIN, 1, [b"{}"] * 65) == archive.pack(1, [b"{}"] * 65)


def test_an_archive_block_shows_its_range_and_opens_for_no_other_one() -> None:
    encoded = [b'{"seq":%d}' % seq for seq in range(1, 66)]
    first, second = content.pack_archive(SEALED, 1, encoded)
    assert (first.split(b"\n")[0], second.split(b"\n")[0]) == (b"1 1 64", b"1 65 65")
    assert [message for _, message in content.unpack_archive(SEALED, first)] == encoded[:64]
    with pytest.raises(Sealed, match="archive"):
        list(content.unpack_archive(SEALED, first.replace(b"1 1 64\n", b"1 2 65\n")))
