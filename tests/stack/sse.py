"""Server-sent events as a client reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx2

from tests.stack import described
from tests.stack.api import Api, Json


class Sent(NamedTuple):
    """One event as it was sent."""

    id: str
    kind: str
    data: dict[str, Any]


class Events:
    """A stream of events that is being read. `comments` are those that have come so far."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.comments = 0
        self._lines = response.iter_lines()

    def __iter__(self) -> Iterator[Sent]:
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                sent = Sent(fields["id"], fields["event"], json.loads(fields["data"]))
                described.check_event(sent.kind, sent.data)
                yield sent
                fields = {}

    def until(self, kind: str) -> list[Sent]:
        """Read up to the first event of a kind."""
        found: list[Sent] = []
        for event in self:
            found.append(event)
            if event.kind == kind:
                return found
        raise AssertionError(f"the stream ended without {kind!r}: {found}")


@contextmanager
def streaming(api: Api, sid: str, rid: str, after: str | None = None) -> Iterator[Events]:
    """Open a reply's stream of events, behind the event `after` where there is one."""
    headers = {"Last-Event-ID": after} if after is not None else {}
    with api.http.stream("GET", f"/v1/sessions/{sid}/replies/{rid}/events", headers=headers) as response:
        assert response.status_code == 200, response.read()
        yield Events(response)


def streamed(api: Api, sid: str, rid: str, after: str | None = None) -> list[Sent]:
    """Read a reply's events to the end of the stream."""
    with streaming(api, sid, rid, after) as events:
        return list(events)


def text(events: list[Sent]) -> str:
    """Put the answer together as a client would: what a status voids is forgotten."""
    said = ""
    for event in events:
        if event.kind == "status":
            said = ""
        elif event.kind == "delta" and not event.data.get("thought"):
            said += event.data["text"]
    return said


def whole(api: Api, sid: str, rid: str, events: list[Sent]) -> Json:
    """Compare a stream with the reply that it was about."""
    reply = api.reply(sid, rid)
    end = events[-1]
    assert end.kind == ("error" if reply["status"] == "failed" else "done")
    assert end.data == reply
    assert [event.kind for event in events[:-1] if event.kind in ("done", "error")] == []
    assert len({event.id for event in events}) == len(events)
    return reply
