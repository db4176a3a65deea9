"""A reply as the API gives it. Fields that this version does not know are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from backscroll.messages.message import Usage

KEPT = frozenset({"completed", "incomplete"})  # the turn is in the transcript
ENDED = KEPT | {"failed", "cancelled"}


class ReplyError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a reply failed, and whether the same message may be sent again."""

    code: str
    message: str = ""
    retryable: bool = False


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a tool that the model asks for; `id` tells parallel calls apart, where the model gave one."""

    name: str
    args: Mapping[str, Any] = {}
    id: str | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One turn's answer, or how far it is; of one that was only accepted, little more than its id.

    `status` is `queued`, `in_progress`, `completed`, `incomplete` (cut off, and kept), `failed` (`error`
    says why) or `cancelled`. `position` counts the replies before it. A `degraded` one was answered without
    the history, and comes into it later where it was `recorded`.
    """

    id: str
    session: str = ""
    status: str
    text: str = ""
    parts: tuple[Mapping[str, Any], ...] = ()
    usage: Usage | None = None
    model: str | None = None
    degraded: bool = False
    degraded_reason: str | None = None
    recorded: bool = True
    error: ReplyError | None = None
    attempts: int = 0
    position: int | None = None
    seq: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Tell whether nothing about this reply will change any more."""
        return self.status in ENDED

    @property
    def kept(self) -> bool:
        """Tell whether the turn is in the transcript."""
        return self.status in KEPT

    @property
    def calls(self) -> tuple[FunctionCall, ...]:
        """The calls in which the answer ends, for `function_response` parts to answer."""
        found = (part.get("functionCall") for part in self.parts)
        return tuple(msgspec.convert(call, FunctionCall) for call in found if call is not None)
