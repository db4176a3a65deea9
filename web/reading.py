"""Reading requests: each function takes one thing out of a request, or says what is wrong with it."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, TypeVar

import msgspec
from flask import Request
from werkzeug.exceptions import UnsupportedMediaType

from backscroll.errors import InvalidRequest, Malformed
from backscroll.messages.media import Media
from backscroll.messages.part import Part
from backscroll.messages.said import check_said
from backscroll.settings import Settings, WebSettings
from backscroll.store.submissions import OnBusy, Submission
from web.parts import read_parts
from web.places import place

Body = TypeVar("Body")

MODEL = r"^[A-Za-z0-9._/-]{1,128}\Z"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_PREFER_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)
_EVENT_ID = re.compile(r"[0-9]{1,18}-[0-9]{1,18}")
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,4})?")
_PARTS = 64


class MessageBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message as a client posts it: `text`, or `parts`."""

    text: str | None = None
    parts: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=_PARTS)] | None = None
    model: Annotated[str, msgspec.Meta(pattern=MODEL)] | None = None
    on_busy: OnBusy = "queue"


# JSON knows numbers and no kinds of them: 4.0 is a whole number, and some clients write it so.
_Whole = Annotated[float, msgspec.Meta(ge=1, le=1000, multiple_of=1)]


class CompactBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a client wants a compaction: how many turns are to stay verbatim."""

    keep: _Whole | None = None


class RestoreBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a client wants a restore: how many chapters at most."""

    chapters: _Whole | None = None


def submission(request: Request, settings: Settings) -> Submission:
    """Read a posted message.

    Raises:
        Malformed: when the body is no JSON.
        InvalidRequest: when a field is missing or wrong.
        TooLarge: when there is too much of it.
    """
    body = read_body(request, MessageBody)
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidRequest("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    field = "text" if body.parts is None else "parts"
    parts, media = _said(body, field, settings.web)
    return Submission(
        parts=parts,
        media=media,
        model=body.model,
        on_busy=body.on_busy,
        merged_bytes=settings.web.message_bytes,
        ceiling=settings.budget.ceiling_tokens,
        field=field,
        idempotency_key=key,
    )


def turns_to_keep(request: Request) -> int | None:
    """Read how many turns a compaction is to leave verbatim; None without a body, or without the field.

    Raises:
        Malformed: when there is a body and it is no JSON.
        InvalidRequest: when a field is wrong.
    """
    keep = _optional_body(request, CompactBody).keep
    return None if keep is None else int(keep)


def chapters_to_restore(request: Request) -> int | None:
    """Read how many chapters are to be restored; None without a body, or without the field.

    Raises:
        Malformed: when there is a body and it is no JSON.
        InvalidRequest: when a field is wrong.
    """
    chapters = _optional_body(request, RestoreBody).chapters
    return None if chapters is None else int(chapters)


def _optional_body(request: Request, kind: type[Body]) -> Body:
    return read_body(request, kind) if request.get_data() else kind()


def _said(body: MessageBody, field: str, limits: WebSettings) -> tuple[tuple[Part, ...], dict[str, Media]]:
    if (body.text is None) == (body.parts is None):
        raise InvalidRequest("text", "give either text or parts")
    parts, media = read_parts([{"text": body.text}] if body.parts is None else body.parts, "parts")
    check_said(parts, field, limits)
    return parts, media


def read_body(request: Request, kind: type[Body]) -> Body:
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    data = request.get_data()
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(place(str(error)), str(error)) from None
    except RecursionError:
        raise Malformed("body", "the body is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed("body", f"the body is not JSON: {error}") from None


def preferred_wait(request: Request, limits: WebSettings) -> float:
    """Read `Prefer: wait=N` (RFC 7240): seconds, 0 without one. What cannot be read is no preference."""
    found = _PREFER_WAIT.search(request.headers.get("Prefer", ""))
    return min(float(found.group(1)), limits.wait_limit) if found else 0.0


def wait(request: Request, limits: WebSettings) -> float:
    """Read `?wait=N`: seconds, 0 without one, at most the limit.

    Raises:
        InvalidRequest: when it is no number of seconds.
    """
    raw = request.args.get("wait", "0")
    # Python reads more than numbers: "nan", "1_0", digits of any script.
    seconds = float(raw) if _NUMBER.fullmatch(raw) else -1.0
    if not 0 <= seconds < math.inf:
        raise InvalidRequest("wait", f"wait must be a number of seconds from 0 on, not {raw[:40]!r}")
    return min(seconds, limits.wait_limit)


def last_event_id(request: Request) -> str | None:
    """Read which event the client had last: `Last-Event-ID`, or `?last_event_id=` for who cannot set headers.

    The header goes first: a client that connects again by itself has the newer one there.

    Raises:
        InvalidRequest: when it is no event's id.
    """
    both = {
        "Last-Event-ID": request.headers.get("Last-Event-ID"),
        "last_event_id": request.args.get("last_event_id"),
    }
    given = {name: value for name, value in both.items() if value}
    for name, value in given.items():
        if not _EVENT_ID.fullmatch(value):
            raise InvalidRequest(name, f"{name} must be the id of an event, not {value[:40]!r}")
    return next(iter(given.values()), None)


def whole(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    """Read a whole number out of the query.

    Raises:
        InvalidRequest: when it is none, or out of its bounds.
    """
    raw = request.args.get(name, str(default))
    if not re.fullmatch(r"\d{1,15}", raw, re.ASCII) or not least <= int(raw) <= most:
        raise InvalidRequest(name, f"{name} must be a whole number from {least} to {most}, not {raw[:40]!r}")
    return int(raw)


def choice(request: Request, name: str, *options: Any) -> str:
    """Read one of `options` out of the query; the first is the default.

    Raises:
        InvalidRequest: when it is none of them.
    """
    raw = request.args.get(name, options[0])
    if raw not in options:
        raise InvalidRequest(name, f"{name} must be one of {', '.join(options)}, not {raw[:40]!r}")
    return str(raw)
