"""A line of log as a JSON object; loaded only where a process logs so.

Fields come from where they stand already: what the code works on (`logs.about`), the trace, and the line's
own template. `"failed: reply=%s code=%s"` has the fields `reply` and `code`, with the values and types that
were logged; so the text is written once, and neither form can say what the other does not.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from logging import LogRecord
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.msgspec import MsgspecFormatter

from backscroll import logs, tracing
from backscroll.errors import frames
from backscroll.session import Session

# A placeholder of a template, with the name before it if it has one; `%%` is none.
_PLACEHOLDER = re.compile(r"(?:\b([a-z_]+)=)?%(?!%)[-#0 +]*\d*(?:\.\d+)?[a-z]|%%")
# Celery hands its own lines a copy of the task's arguments, in which sessions have their names.
_LEFT_OUT = (*RESERVED_ATTRS, "data")
_OF_EVERY_LINE = frozenset({"time", "level", "logger", "message"})


class JsonLines(MsgspecFormatter):
    """Writes records as JSON. An error is told by type and place: its words may quote a message or a key."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "error"},
            reserved_attrs=_LEFT_OUT,
        )

    def add_fields(self, log_data: dict[str, Any], record: LogRecord, message_dict: dict[str, Any]) -> None:
        """Fill in the fields: the time first, then the line, what it is about, and its own values."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC)
        super().add_fields(log_data, record, message_dict)
        for name, value in logs.known().items():
            log_data[name] = value.digest if isinstance(value, Session) else value
        log_data.update(tracing.ids())
        if isinstance(record.args, tuple):
            named = zip(_names(str(record.msg)), record.args, strict=False)
            log_data.update({name: value for name, value in named if name and name not in _OF_EVERY_LINE})

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's own name)
        """Tell the type of an error, and where it came from."""
        return f"{ei[0].__name__}\n{frames(ei[1])}"


@lru_cache(maxsize=512)
def _names(template: str) -> tuple[str | None, ...]:
    """Name a template's placeholders, in order; None for one without a name."""
    found = _PLACEHOLDER.finditer(template)
    return tuple(each[1] for each in found if each[0] != "%%")
