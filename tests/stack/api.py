"""The HTTP API as a client sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.stack import described
from tests.stack.conditions import until
from tests.stack.marked import mark

Json = dict[str, Any]


class Api:
    """A client of one web process."""

    def __init__(self, url: str) -> None:
        self.url = url
        limits = httpx2.Limits(max_connections=300)
        hooks = {"request": [mark], "response": [described.check]}
        self.http = httpx2.Client(base_url=url, timeout=70, limits=limits, verify=False, event_hooks=hooks)

    def close(self) -> None:
        self.http.close()

    def ready(self) -> bool:
        """Tell whether the web process is there and can serve."""
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def post(
        self, sid: str, text: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx2.Response:
        """Post a message, whatever comes of it."""
        return self.http.post(f"/v1/sessions/{sid}/messages", json={"text": text, **body}, headers=headers)

    def submit(self, sid: str, text: str, **body: Any) -> str:
        """Post a message that must be accepted, and return its reply's id."""
        response = self.post(sid, text, **body)
        assert response.status_code == 202, response.text
        reply_id: str = response.json()["id"]
        return reply_id

    def reply(self, sid: str, rid: str, wait: float = 0) -> Json:
        """Read a reply."""
        response = self.http.get(f"/v1/sessions/{sid}/replies/{rid}", params={"wait": wait} if wait else None)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def ended(self, sid: str, rid: str, seconds: float = 40) -> Json:
        """Wait for a reply's end."""
        found = self.reply(sid, rid, wait=seconds)
        assert found["finished_at"], f"the reply has not ended: {found}"
        return found

    def say(self, sid: str, text: str, **body: Any) -> Json:
        """Post a message and wait for its answer, which must be complete."""
        found = self.ended(sid, self.submit(sid, text, **body))
        assert found["status"] == "completed", found
        return found

    def session(self, sid: str) -> Json:
        """Read a session's state."""
        response = self.http.get(f"/v1/sessions/{sid}")
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def transcript(self, sid: str) -> list[Json]:
        """Read the whole transcript, page by page."""
        messages: list[Json] = []
        after: int | None = 0
        while after is not None:
            params = {"view": "transcript", "after": after, "limit": 50}
            page = self.http.get(f"/v1/sessions/{sid}/history", params=params).raise_for_status().json()
            messages += page["messages"]
            after = page["next"]
        return messages

    def context(self, sid: str) -> Json:
        """Read what the model would be sent."""
        params = {"view": "context"}
        found: Json = self.http.get(f"/v1/sessions/{sid}/history", params=params).raise_for_status().json()
        return found

    def counted(self, name: str, **labels: str) -> float:
        """Read what the web process has counted; 0 where it has counted nothing."""
        text = self.http.get("/metrics").raise_for_status().text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def until_session(
        self, sid: str, what: str, holds: Callable[[Json], Any], *, seconds: float = 20.0
    ) -> Json:
        """Wait until the session's state is as named."""

        def state() -> Json:
            found = self.session(sid)
            return found if holds(found) else {}

        return until(what, state, seconds=seconds)


def user_texts(messages: list[Json]) -> list[str]:
    """Give what the user said, in order, after checking the form of the transcript."""
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert [message["role"] for message in messages] == ["user", "model"] * (len(messages) // 2)
    return [message["text"] for message in messages[::2]]
