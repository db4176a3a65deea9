"""The operator's keys: read from the variable or a file, refused by its name, and never shown."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner

from backscroll.cli import main
from backscroll.errors import InvalidSetting
from backscroll.settings import load
from backscroll.settings.encryption import encryption_keys

ONE, TWO = b"1" * 32, b"\xfb" * 32
KEY, OTHER = (urlsafe_b64encode(key).decode().rstrip("=") for key in (ONE, TWO))


@pytest.mark.parametrize(
    "value",
    [f"k1:{KEY},k2:{OTHER}", f" k1:{KEY} \n k2:{OTHER}=\n", f"k1:{KEY} ,\tk2:{OTHER},"],
)
def test_keys_are_read_in_their_order(value: str) -> None:
    found = encryption_keys(value)
    assert list(found.by_id.items()) == [("k1", ONE), ("k2", TWO)]
    assert found.seals


def test_keys_are_read_from_a_file_with_comments_and_blank_lines(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# since January\n\nk2:{OTHER}  # the new one\nk1:{KEY}\n")
    assert list(encryption_keys(str(file)).by_id.items()) == [("k2", TWO), ("k1", ONE)]


def test_after_plain_keys_only_open() -> None:
    found = encryption_keys(f"plain,k1:{KEY}")
    assert (found.by_id, found.seals) == ({"k1": ONE}, False)


def test_no_keys_encrypt_nothing() -> None:
    assert (encryption_keys("").by_id, encryption_keys("").seals) == ({}, False)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"k1:{KEY[:-1]}", "entry 1 is not `id:key`"),
        (f"k1:{KEY},k2:{KEY}{KEY}", "entry 2 is not `id:key`"),
        (f"k1:{KEY},{KEY}", "entry 2 is not `id:key`"),
        (f"a key:{KEY}", "entry 1 is not `id:key`"),
        (f"k1:{KEY},plain", "entry 2 is not `id:key`"),
        (f"k1:{KEY},k1:{OTHER}", "entry 2 has an id that an entry before it has"),
        (KEY, "neither entries nor a file that can be read"),
        (f"/nowhere/{KEY}", "neither entries nor a file that can be read"),
        (f"k1:{KEY[:20]}/{KEY[21:]}", "neither entries nor a file that can be read"),
    ],
)
def test_what_is_no_key_stops_the_start_by_its_name_and_is_not_shown(value: str, said: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        load({"BACKSCROLL_ENCRYPTION_KEYS": value})
    assert caught.value.name == "BACKSCROLL_ENCRYPTION_KEYS"
    assert said in caught.value.message
    assert KEY[:20] not in caught.value.message
    assert caught.value.__cause__ is None


def test_keys_are_not_shown_where_they_are_printed_by_mistake() -> None:
    assert str(ONE) not in repr(encryption_keys(f"k1:{KEY}"))
    assert KEY not in repr(load({"BACKSCROLL_ENCRYPTION_KEYS": f"k1:{KEY}", "GEMINI_API_KEY": KEY}))


def test_a_new_key_is_what_the_setting_takes() -> None:
    lines = [
        CliRunner().invoke(main, ["keys", "encryption", *named]).output for named in ([], ["k1"], ["k2"])
    ]
    found = encryption_keys("".join(lines)).by_id
    assert list(found)[1:] == ["k1", "k2"]
    assert len(set(found.values())) == 3


def test_a_new_key_comes_as_json_too() -> None:
    made = json.loads(CliRunner().invoke(main, ["keys", "encryption", "k1", "--json"]).output)
    assert made["entry"] == f"k1:{made['key']}"
    assert "k1" in encryption_keys(made["entry"]).by_id


def test_a_key_needs_an_id_that_can_be_read_back() -> None:
    refused = CliRunner().invoke(main, ["keys", "encryption", "a:b"])
    assert refused.exit_code == 2
    assert "1 to 32 characters" in refused.output
