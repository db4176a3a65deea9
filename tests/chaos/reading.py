"""Reading in the end what the server holds of a session."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from backscroll.client.state import Message, Page
from tests.chaos.calling import Front
from tests.chaos.told import Held, Reply, State

_PAGE = 500


def held(front: Front, session: str, reply_ids: Iterable[str]) -> Held:
    """Read a session: its transcript, its state, and each of these replies.

    Raises:
        GaveUp: when no web process serves.
        HTTPStatusError: when one serves no longer as it did.
    """
    path = f"/v1/sessions/{session}"
    state = front.call("GET", path)
    if state.status_code == 404:
        return Held()
    return Held(
        transcript=_transcript(front, path),
        state=msgspec.json.decode(state.raise_for_status().content, type=State),
        replies={reply_id: _reply(front, f"{path}/replies/{reply_id}") for reply_id in reply_ids},
    )


def _transcript(front: Front, path: str) -> tuple[Message, ...]:
    messages: list[Message] = []
    after: int | None = 0
    while after is not None:
        query = f"view=transcript&after={after}&limit={_PAGE}"
        response = front.call("GET", f"{path}/history?{query}").raise_for_status()
        page = msgspec.json.decode(response.content, type=Page)
        messages += page.messages
        after = page.next
    return tuple(messages)


def _reply(front: Front, path: str) -> Reply | None:
    response = front.call("GET", path)
    return msgspec.json.decode(response.content, type=Reply) if response.status_code == 200 else None
