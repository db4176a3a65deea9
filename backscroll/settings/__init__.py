"""Every setting: its variable, unit, default and reason.

Read once, at the edge of each process (`load`), and passed down from there; nothing below reads the
environment. A value that cannot be used stops the process at its start and names the variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

import msgspec

from backscroll.errors import InvalidSetting
from backscroll.settings.access import AccessSettings
from backscroll.settings.budget import RECENT_TURNS, BudgetSettings
from backscroll.settings.checks import check
from backscroll.settings.degraded import DegradedSettings
from backscroll.settings.kinds import Group
from backscroll.settings.logs import LogSettings
from backscroll.settings.model import ModelSettings
from backscroll.settings.names import OF_CLIENTS, PREFIX, variable
from backscroll.settings.redis_url import broker_of, broker_url, store_url
from backscroll.settings.store import StoreSettings
from backscroll.settings.web import WebSettings
from backscroll.settings.worker import WorkerSettings

__all__ = [
    "RECENT_TURNS",
    "AccessSettings",
    "BudgetSettings",
    "DegradedSettings",
    "LogSettings",
    "ModelSettings",
    "Settings",
    "StoreSettings",
    "WebSettings",
    "WorkerSettings",
    "fields",
    "load",
    "variable",
]


class Settings(Group, frozen=True, kw_only=True):
    """All settings of a process."""

    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    budget: BudgetSettings = BudgetSettings()
    web: WebSettings = WebSettings()
    access: AccessSettings = AccessSettings()
    worker: WorkerSettings = WorkerSettings()
    degraded: DegradedSettings = DegradedSettings()
    logs: LogSettings = LogSettings()


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
        if name.startswith(PREFIX) and name not in known and name not in OF_CLIENTS:
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
    check(settings.budget, settings.model, settings.store, settings.web)
    return _with_urls(settings)


def _with_urls(settings: Settings) -> Settings:
    """Check the addresses of history and broker; the broker is where the history is, unless it is named."""
    history = store_url(variable("redis_url"), settings.store.redis_url)
    named = settings.worker.broker_url
    broker = broker_url(variable("broker_url"), named) if named else broker_of(history)
    return msgspec.structs.replace(
        settings,
        store=msgspec.structs.replace(settings.store, redis_url=history),
        worker=msgspec.structs.replace(settings.worker, broker_url=broker),
    )


def _convert(name: str, raw: str, group: str, field: str) -> Any:
    kind = get_type_hints(type(getattr(Settings(), group)), include_extras=True)[field]
    try:
        return msgspec.convert(raw.strip(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSetting(name, f"{raw!r} is wrong: {error}") from None
