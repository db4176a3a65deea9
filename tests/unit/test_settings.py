"""Settings: every variable has its meaning and default, and a wrong one stops the start by its name."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec
import pytest

from backscroll.errors import InvalidSetting
from backscroll.settings import Settings, fields, load, variable

FIELDS = {variable(field.name): (group, field) for group, field in fields()}
KINDS = {
    name: get_type_hints(type(getattr(Settings(), group)))[field.name]
    for name, (group, field) in FIELDS.items()
}
NUMBERS = [name for name, kind in KINDS.items() if kind in (int, float)]


def read(settings: Settings, name: str) -> Any:
    group, field = FIELDS[name]
    return getattr(getattr(settings, group), field.name)


def refused(**environ: str) -> InvalidSetting:
    with pytest.raises(InvalidSetting) as caught:
        load(environ)
    return caught.value


@pytest.mark.parametrize("name", FIELDS)
def test_every_variable_says_what_it_means(name: str) -> None:
    _, field = FIELDS[name]
    said = "".join(meta.description or "" for meta in field.type.__metadata__)
    assert len(said) > 10


def test_no_two_settings_share_a_variable() -> None:
    assert len(FIELDS) == len(list(fields()))


def test_variables_that_other_tools_know_keep_their_names() -> None:
    shared = {name for name in FIELDS if not name.startswith("BACKSCROLL_")}
    assert shared == {"REDIS_URL", "BROKER_URL", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"}


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load({})
    assert settings.store.session_ttl == 7 * 24 * 3600
    assert settings.budget.context_tokens == 15_000
    assert settings.budget.recent_tokens == 12_000
    assert (settings.budget.recent_turns, settings.budget.trigger_turns) == (10, 14)
    assert settings.model.reply_model == "gemini-3.5-flash"
    assert msgspec.structs.replace(settings, worker=Settings().worker) == Settings()


def test_a_variable_that_is_empty_counts_as_not_set() -> None:
    assert load(dict.fromkeys(FIELDS, "")) == load({})


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_reaches_its_field_and_no_other(name: str) -> None:
    wanted = read(Settings(), name) + 1
    settings = load({name: f" {wanted:.0f} "})
    assert read(settings, name) == wanted
    others = set(FIELDS) - {name}
    assert all(read(settings, other) == read(load({}), other) for other in others)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["ten", "-1"])
def test_a_value_that_is_no_number_in_range_stops_the_start_by_its_name(name: str, value: str) -> None:
    error = refused(**{name: value})
    assert error.name == name
    assert str(error).startswith(f"{name}: {value!r} is wrong: ")


@pytest.mark.parametrize("value", ["1,5", "5s", "1_000", "nan", "true", "0x10", " "])
def test_a_number_is_written_in_digits(value: str) -> None:
    assert refused(BACKSCROLL_LOCK_LEASE=value).name == "BACKSCROLL_LOCK_LEASE"
    assert refused(BACKSCROLL_INBOX_LIMIT=value).name == "BACKSCROLL_INBOX_LIMIT"


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind is int])
def test_half_a_thing_is_refused_where_things_are_counted(name: str) -> None:
    assert refused(**{name: "1500.5"}).name == name


@pytest.mark.parametrize("name", ["BACKSCROLL_RECENT_TURN", "BACKSCROLL_REDIS_URL", "BACKSCROLL_"])
def test_a_variable_that_does_not_exist_is_refused_by_its_name(name: str) -> None:
    assert refused(**{name: "5"}).name == name


def test_what_belongs_to_others_is_left_alone() -> None:
    assert load({"PATH": "/bin", "REDIS_HOST": "elsewhere", "GEMINI_MODEL": "x"}) == load({})


@pytest.mark.parametrize("name", ["BACKSCROLL_REPLY_MODEL", "BACKSCROLL_SUMMARY_MODEL", "BACKSCROLL_BIND"])
def test_what_must_be_named_cannot_be_blank(name: str) -> None:
    assert refused(**{name: "  "}).name == name


@pytest.mark.parametrize("value", ["8080", ":8080", "localhost", "localhost:http"])
def test_an_address_has_a_host_and_a_port(value: str) -> None:
    assert refused(BACKSCROLL_BIND=value).name == "BACKSCROLL_BIND"


@pytest.mark.parametrize(
    ("blamed", "environ"),
    [
        ("BACKSCROLL_CEILING_TOKENS", {"BACKSCROLL_CONTEXT_TOKENS": "40001"}),
        ("BACKSCROLL_TRIGGER_TURNS", {"BACKSCROLL_RECENT_TURNS": "15"}),
        ("BACKSCROLL_TRIGGER_TURNS", {"BACKSCROLL_TRIGGER_TURNS": "9"}),
        ("BACKSCROLL_COMPACTION_LEASE", {"BACKSCROLL_SUMMARY_DEADLINE": "180"}),
        ("BACKSCROLL_MESSAGE_BYTES", {"BACKSCROLL_MESSAGE_BYTES": "80002"}),
        ("BACKSCROLL_BODY_BYTES", {"BACKSCROLL_BODY_BYTES": "11250347"}),
        ("BACKSCROLL_BODY_BYTES", {"BACKSCROLL_MEDIA_BYTES": "9400000"}),
        ("BACKSCROLL_SESSION_MEDIA_BYTES", {"BACKSCROLL_SESSION_MEDIA_BYTES": "8388607"}),
        ("BACKSCROLL_REQUEST_MEDIA_BYTES", {"BACKSCROLL_REQUEST_MEDIA_BYTES": "8388607"}),
    ],
)
def test_values_that_are_wrong_only_together_are_refused(blamed: str, environ: dict[str, str]) -> None:
    assert refused(**environ).name == blamed


@pytest.mark.parametrize(
    "environ",
    [
        {"BACKSCROLL_CONTEXT_TOKENS": "40000"},
        {"BACKSCROLL_RECENT_TURNS": "14"},
        {"BACKSCROLL_RECENT_TURNS": "50", "BACKSCROLL_TRIGGER_TURNS": "0"},
        {"BACKSCROLL_SUMMARY_DEADLINE": "179.9"},
        {"BACKSCROLL_MESSAGE_BYTES": "80000"},
        {"BACKSCROLL_BODY_BYTES": "11250348"},
        {"BACKSCROLL_SESSION_MEDIA_BYTES": "8388608", "BACKSCROLL_REQUEST_MEDIA_BYTES": "8388608"},
    ],
)
def test_values_at_the_limit_of_what_fits_together_are_taken(environ: dict[str, str]) -> None:
    settings = load(environ)
    assert {name: f"{read(settings, name):.10g}" for name in environ} == environ


def test_the_broker_is_where_the_history_is_unless_it_is_named() -> None:
    assert load({"REDIS_URL": "redis://cache:6380/2"}).worker.broker_url == "redis://cache:6380/2"
    named = load({"REDIS_URL": "redis://a/0", "BROKER_URL": "amqp://b//"})
    assert (named.store.redis_url, named.worker.broker_url) == ("redis://a/0", "amqp://b//")
