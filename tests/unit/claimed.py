"""A turn as a worker has claimed it, for tests of what the model is sent."""

from __future__ import annotations

from backscroll.messages.part import Part
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store.turns import Context, Turn


def turn(request: tuple[Part, ...], context: Context, settings: SessionSettings | None = None) -> Turn:
    return Turn(
        session=Session("t", "s"),
        token="t",
        reply_id="r",
        request=request,
        model=None,
        attempt=1,
        accepted_at=1,
        context=context,
        settings=settings or SessionSettings(),
    )
