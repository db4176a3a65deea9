"""API keys: whose each is, what a setting may look like, and that nothing of it is ever repeated."""

from __future__ import annotations

import json
import logging
import re
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from backscroll import api_keys
from backscroll.api_keys import ApiKeys, new
from backscroll.cli import main
from backscroll.errors import InvalidSetting


def refused(setting: str) -> str:
    with pytest.raises(InvalidSetting) as caught:
        ApiKeys(setting)
    assert caught.value.name == "BACKSCROLL_API_KEYS"
    return caught.value.message


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a file looked at again at once."""
    monkeypatch.setattr(api_keys, "_LOOK_AGAIN", 0.0)


def test_a_key_is_256_random_bits_and_its_entry_holds_no_more_than_their_sha256() -> None:
    made, other = new("acme"), new("acme")
    assert re.fullmatch(r"bsk_[A-Za-z0-9_-]{43}", made.key)
    assert made.entry == "acme:" + sha256(made.key.encode()).hexdigest()
    assert made.key != other.key


def test_a_key_opens_its_own_tenants_sessions() -> None:
    one, another, two = new("one"), new("one"), new("two")
    keys = ApiKeys(f"{one.entry},{two.entry}\n  {another.entry}")
    assert keys.required
    assert [keys.tenant_of(each.key) for each in (one, another, two)] == ["one", "one", "two"]


def test_what_is_no_key_opens_nothing() -> None:
    made = new("one")
    keys = ApiKeys(made.entry)
    for sent in ("", "bsk_", made.key[:-1], made.key + "A", made.key.lower(), made.entry, "\udcff", "\xff"):
        assert keys.tenant_of(sent) is None
    assert keys.tenant_of(made.entry.partition(":")[2]) is None, "its digest is no key"


def test_without_a_setting_no_key_is_asked_for() -> None:
    keys = ApiKeys("")
    assert not keys.required
    assert keys.tenant_of(new("one").key) is None


def test_a_file_has_an_entry_a_line_and_comments(tmp_path: Path) -> None:
    one, two = new("one"), new("two")
    path = tmp_path / "api-keys"
    path.write_text(
        f"# who may ask\n\n{one.entry}  # of the shop\n{two.entry.upper().replace('TWO', 'two')}\n"
    )
    keys = ApiKeys(str(path))
    assert [keys.tenant_of(each.key) for each in (one, two)] == ["one", "two"]


def test_keys_rotate_without_a_restart(tmp_path: Path, at_once: None) -> None:
    old, fresh = new("one"), new("one")
    path = tmp_path / "api-keys"
    path.write_text(old.entry)
    keys = ApiKeys(str(path))
    path.write_text(f"{old.entry}\n{fresh.entry}\n")
    assert [keys.tenant_of(each.key) for each in (old, fresh)] == ["one", "one"]
    path.write_text(fresh.entry)
    assert [keys.tenant_of(each.key) for each in (old, fresh)] == [None, "one"]


def test_a_file_is_not_looked_at_for_every_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "_LOOK_AGAIN", 3600.0)
    old, fresh = new("one"), new("one")
    path = tmp_path / "api-keys"
    path.write_text(old.entry)
    keys = ApiKeys(str(path))
    path.write_text(fresh.entry)
    assert [keys.tenant_of(each.key) for each in (old, fresh)] == ["one", None]


def test_a_file_that_was_emptied_lets_nobody_in_and_that_is_told(
    tmp_path: Path, at_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    made = new("one")
    path = tmp_path / "api-keys"
    path.write_text(made.entry)
    keys = ApiKeys(str(path))
    path.write_text("# all gone\n")
    assert keys.tenant_of(made.key) is None
    assert keys.required
    assert "nobody is let in" in caplog.text


@pytest.mark.parametrize("spoilt", ["one:half-a-line", "\xff\xfe", None])
def test_a_file_that_cannot_be_used_leaves_the_keys_as_they_were_and_is_told_once(
    tmp_path: Path, at_once: None, caplog: pytest.LogCaptureFixture, spoilt: str | None
) -> None:
    made, fresh = new("one"), new("one")
    path = tmp_path / "api-keys"
    path.write_text(made.entry)
    keys = ApiKeys(str(path))
    if spoilt is None:
        path.unlink()
    else:
        path.write_bytes((fresh.entry + "\n" + spoilt).encode("latin-1"))
    for _ in range(3):
        assert [keys.tenant_of(each.key) for each in (made, fresh)] == ["one", None]
    (told,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert fresh.entry not in told.getMessage()
    assert "half-a-line" not in told.getMessage()
    path.write_text(fresh.entry)
    assert [keys.tenant_of(each.key) for each in (made, fresh)] == [None, "one"]


def test_a_setting_that_cannot_be_used_is_refused_without_being_repeated() -> None:
    made = new("secret-tenant")
    for setting in (
        made.key,
        f"secret-tenant:{made.key}",
        made.entry[:-1],
        made.entry + "0",
        made.entry.replace("secret-tenant", "secret tenant"),
        made.entry.partition(":")[2],
        f"{made.entry};{made.entry}",
        ", ,",
        "# nobody",
    ):
        said = refused(setting)
        assert "secret" not in said
        assert made.key not in said
        assert made.entry[-64:-1] not in said


def test_a_key_of_two_tenants_is_refused() -> None:
    made = new("one")
    assert "another tenant" in refused(f"{made.entry} {made.entry.replace('one', 'two')}")
    ApiKeys(f"{made.entry} {made.entry}")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = refused(str(tmp_path / "nothing"))
    assert str(tmp_path) not in said
    refused(str(tmp_path))


def test_the_command_shows_key_and_entry_and_nothing_else_on_its_output() -> None:
    said = CliRunner().invoke(main, ["keys", "new", "acme"])
    assert said.exit_code == 0
    found = dict(line.split() for line in said.stdout.splitlines())
    assert ApiKeys(found["entry"]).tenant_of(found["key"]) == "acme"


def test_machines_read_key_and_entry_as_json() -> None:
    said = CliRunner().invoke(main, ["keys", "new", "acme", "--json"])
    found = json.loads(said.stdout)
    assert found["tenant"] == "acme"
    assert ApiKeys(found["entry"]).tenant_of(found["key"]) == "acme"


def test_a_tenant_that_no_session_can_have_gets_no_key() -> None:
    said = CliRunner().invoke(main, ["keys", "new", "a/b"])
    assert said.exit_code == 2
    assert "TENANT" in said.output
