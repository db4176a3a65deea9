"""Every setting: its variable, unit, default and reason.

Read once, at the edge of each process (`load`), and passed down from there; nothing below reads the
environment. A value that cannot be used stops the process at its start and names the variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from backscroll.errors import InvalidSetting

PREFIX = "BACKSCROLL_"

# Variables that other tools read too keep the names that those tools gave them.
_SHARED = {
    "redis_url": "REDIS_URL",
    "broker_url": "BROKER_URL",
    "api_key": "GEMINI_API_KEY",
    "base_url": "GOOGLE_GEMINI_BASE_URL",
}

# Where the window is to be measured (`auto`), and nothing has been yet.
RECENT_TURNS = 10

_YEAR = 365 * 86_400.0
Seconds = Annotated[float, Meta(gt=0, le=_YEAR)]
Tokens = Annotated[int, Meta(ge=100)]
Bytes = Annotated[int, Meta(ge=1024)]
Count = Annotated[int, Meta(ge=1)]

MIB = 1024 * 1024


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that are needed together."""


class StoreSettings(Group, frozen=True, kw_only=True):
    """Where the history lives, and for how long."""

    redis_url: Annotated[str, Meta(description="history store: redis://, rediss:// or unix://")] = (
        "redis://127.0.0.1:6379/0"
    )
    shards: Annotated[
        int, Meta(ge=1, le=4096, description="hash tags over a Cluster; never change on a live store")
    ] = 64
    session_ttl: Annotated[
        float, Meta(ge=1, le=_YEAR, description="seconds from the last access to a session until it expires")
    ] = 7 * 86_400.0
    lock_lease: Annotated[
        float,
        Meta(
            ge=1,
            le=_YEAR,
            description="seconds until a silent holder loses a session; renewed at a third of it",
        ),
    ] = 15.0
    inbox_limit: Annotated[int, Meta(ge=1, description="replies that may wait in one session")] = 100
    max_attempts: Annotated[
        int, Meta(ge=1, description="times that a turn may lose its worker before it fails")
    ] = 3
    ring_grace: Annotated[
        float, Meta(ge=0.1, le=_YEAR, description="seconds until the sweeper takes a doorbell for lost")
    ] = 5.0
    compaction_lease: Annotated[
        float,
        Meta(
            ge=1,
            le=_YEAR,
            description="seconds until a silent compaction is begun anew; above SUMMARY_DEADLINE",
        ),
    ] = 180.0
    session_media_bytes: Annotated[
        Bytes, Meta(description="the most that all media of a session have together, each content once")
    ] = 64 * MIB


class ModelSettings(Group, frozen=True, kw_only=True):
    """Which models answer and summarise, and how long they may take."""

    api_key: Annotated[str, Meta(description="Gemini's API key")] = ""
    base_url: Annotated[str, Meta(description="Gemini's address, where it is not Google's own")] = ""
    reply_model: Annotated[str, Meta(min_length=1, description="the model that answers")] = "gemini-3.5-flash"
    summary_model: Annotated[
        str, Meta(min_length=1, description="the model that summarises; a cheap one")
    ] = "gemini-3.5-flash"
    summary_tier: Annotated[
        Literal["standard", "flex"],
        Meta(description="`flex`: summaries at half the price, served when there is room"),
    ] = "standard"
    summary_tokens: Annotated[
        Tokens, Meta(description="largest input of one summary; a longer range is summarised in parts")
    ] = 30_000
    fallback_model: Annotated[
        str, Meta(description="asked once more where the reply model's deadline ran out; empty: none")
    ] = ""
    reply_deadline: Annotated[Seconds, Meta(description="seconds for a reply, all tries together")] = 120.0
    attempt_timeout: Annotated[
        Seconds, Meta(description="seconds that one call may be silent before it is tried again")
    ] = 60.0
    summary_deadline: Annotated[
        Seconds, Meta(description="seconds for a summary, all its parts and tries together")
    ] = 120.0
    max_output_tokens: Annotated[int, Meta(ge=0, description="limit of one answer; 0: the model's own")] = 0
    request_media_bytes: Annotated[
        Bytes,
        Meta(
            description="the most media in one request, before base64; "
            "of more, the newest are sent. Gemini takes 20 MB a request"
        ),
    ] = 14 * MIB


class BudgetSettings(Group, frozen=True, kw_only=True):
    """How much the model is sent, and when the history is compacted."""

    context_tokens: Annotated[Tokens, Meta(description="measured context that makes a compaction due")] = (
        15_000
    )
    ceiling_tokens: Annotated[Tokens, Meta(description="no request is ever larger than this")] = 40_000
    recent_turns: Annotated[
        Count | Literal["auto"],
        Meta(
            description="newest turns that a compaction leaves verbatim; "
            "`auto` derives them, and when a compaction is due, from the measured tokens per turn"
        ),
    ] = RECENT_TURNS
    recent_tokens: Annotated[
        Tokens, Meta(description="fewer turns stay verbatim where they exceed this many tokens")
    ] = 12_000
    trigger_turns: Annotated[
        int, Meta(ge=0, description="live turns above which a compaction is due; 0: tokens alone decide")
    ] = 14
    chapter_tokens: Annotated[
        Tokens, Meta(description="the longest chapter that the summary model is asked for")
    ] = 600
    chapters_tokens: Annotated[
        Tokens,
        Meta(description="the most that all chapters have together; beyond their share, they are merged"),
    ] = 3_000
    ledger_tokens: Annotated[
        int, Meta(ge=0, description="the longest ledger of exact values and open tasks; 0 keeps none")
    ] = 1_500
    refusal_backoff: Annotated[
        Seconds, Meta(description="seconds until a refused compaction is tried again; doubles up to an hour")
    ] = 10.0


class WebSettings(Group, frozen=True, kw_only=True):
    """What the web process accepts."""

    bind: Annotated[str, Meta(pattern=r"^.+:\d+$", description="address:port that gunicorn listens on")] = (
        "127.0.0.1:8080"
    )
    web_processes: Annotated[Count, Meta(description="gunicorn workers")] = 1
    body_bytes: Annotated[
        Bytes, Meta(description="largest request body; holds MESSAGE_BYTES and, as base64, MEDIA_BYTES")
    ] = 12 * MIB
    message_bytes: Annotated[
        Bytes, Meta(description="largest message, as UTF-8; without its media, but for texts among them")
    ] = 64 * 1024
    media_bytes: Annotated[Bytes, Meta(description="the most media in one message, before base64")] = 8 * MIB
    settings_bytes: Annotated[Bytes, Meta(description="largest settings of a session, as JSON")] = 64 * 1024
    wait_limit: Annotated[
        float, Meta(ge=0, le=_YEAR, description="seconds that a request may wait for a reply")
    ] = 60.0
    heartbeat: Annotated[
        Seconds, Meta(description="seconds of silence after which a stream of events shows that it is there")
    ] = 15.0


class WorkerSettings(Group, frozen=True, kw_only=True):
    """What the worker processes do at a time."""

    broker_url: Annotated[str, Meta(description="Celery's broker; default: REDIS_URL")] = ""
    worker_threads: Annotated[
        Count, Meta(description="turns or compactions that one worker process has in work at a time")
    ] = 32
    shutdown_grace: Annotated[
        float,
        Meta(
            ge=0,
            le=_YEAR,
            description="seconds that turns in work have after SIGTERM; then they are handed back",
        ),
    ] = 20.0
    sweep_interval: Annotated[Seconds, Meta(description="seconds between two looks at what is overdue")] = 1.0


class Settings(Group, frozen=True, kw_only=True):
    """All settings of a process."""

    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    budget: BudgetSettings = BudgetSettings()
    web: WebSettings = WebSettings()
    worker: WorkerSettings = WorkerSettings()


def variable(field: str) -> str:
    """Name the environment variable of a setting."""
    return _SHARED.get(field, PREFIX + field.upper())


def fields() -> Iterator[tuple[str, msgspec.structs.FieldInfo]]:
    """Yield every setting as its group's name and its field, in the order of this page."""
    for group in msgspec.structs.fields(Settings):
        for field in msgspec.structs.fields(group.type):
            yield group.name, field


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings out of `environ`.

    Raises:
        InvalidSetting: for a value that cannot be used, or a BACKSCROLL_ variable that does not exist.
    """
    values: dict[str, dict[str, Any]] = {}
    known = {variable(field.name): (group, field) for group, field in fields()}
    for name, raw in environ.items():
        if name.startswith(PREFIX) and name not in known:
            raise InvalidSetting(name, "there is no such setting; docs/settings.md lists them all")
        if name in known and raw != "":
            group, field = known[name]
            values.setdefault(group, {})[field.name] = _convert(name, raw, group, field.name)
    settings = Settings(
        **{
            group.name: msgspec.structs.replace(group.default, **values.get(group.name, {}))
            for group in msgspec.structs.fields(Settings)
        }
    )
    return _checked(settings)


def _convert(name: str, raw: str, group: str, field: str) -> Any:
    kind = get_type_hints(type(getattr(Settings(), group)), include_extras=True)[field]
    try:
        return msgspec.convert(raw.strip(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSetting(name, f"{raw!r} is wrong: {error}") from None


def _checked(settings: Settings) -> Settings:
    """Refuse values that are each fine alone and wrong together; fill in what follows from others."""
    budget, model, store = settings.budget, settings.model, settings.store
    if budget.ceiling_tokens < budget.context_tokens:
        raise InvalidSetting(variable("ceiling_tokens"), "must not be below BACKSCROLL_CONTEXT_TOKENS")
    if isinstance(budget.recent_turns, int) and 0 < budget.trigger_turns < budget.recent_turns:
        raise InvalidSetting(variable("trigger_turns"), "must not be below BACKSCROLL_RECENT_TURNS, or be 0")
    if store.compaction_lease <= model.summary_deadline:
        raise InvalidSetting(variable("compaction_lease"), "must be above BACKSCROLL_SUMMARY_DEADLINE")
    if settings.web.message_bytes // 2 > budget.ceiling_tokens:
        # A token is seldom less than two bytes: a message that alone could break the ceiling stays out.
        raise InvalidSetting(
            variable("message_bytes"),
            "must not be above twice BACKSCROLL_CEILING_TOKENS, or a message could not be sent",
        )
    _check_media(settings)
    if not settings.worker.broker_url:
        worker = msgspec.structs.replace(settings.worker, broker_url=broker_of(store.redis_url))
        settings = msgspec.structs.replace(settings, worker=worker)
    return settings


def _check_media(settings: Settings) -> None:
    """Refuse limits by which media of an accepted message could not be posted, kept or sent."""
    web = settings.web
    if web.body_bytes < -(-web.media_bytes // 3) * 4 + web.message_bytes:
        raise InvalidSetting(
            variable("body_bytes"), "must hold four thirds of BACKSCROLL_MEDIA_BYTES, and a message"
        )
    for name, most in (
        ("session_media_bytes", settings.store.session_media_bytes),
        ("request_media_bytes", settings.model.request_media_bytes),
    ):
        if most < web.media_bytes:
            raise InvalidSetting(variable(name), "must not be below BACKSCROLL_MEDIA_BYTES")


def broker_of(redis_url: str) -> str:
    """Give the broker URL, as Celery spells it, of the database that `redis_url` names."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={database}"
