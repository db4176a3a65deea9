"""One session over HTTP. `Session` in blocking.py is the same without an event loop, method by method."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from typing import Any, Literal
from urllib.parse import quote
from uuid import uuid4

from backscroll.client.calling import Calls, Deadline, read
from backscroll.client.parts import Said, message_body
from backscroll.client.problems import NotEnded
from backscroll.client.reply import Reply
from backscroll.client.state import Context, Message, Page, Restored, SessionState
from backscroll.client.stream import AsyncStream
from backscroll.client.wire import visible
from backscroll.errors import NotFound
from backscroll.session import DEFAULT_TENANT
from backscroll.session import Session as SessionName

OnBusy = Literal["queue", "reject", "merge"]

# Beyond any deadline that a deployment sets for a reply by default, with a lost worker or two before it.
TIMEOUT = 300.0
_WAIT = 20.0
_POLL = 1.0
_PAGE = 500


class AsyncSession:
    """One conversation; it begins with its first message, or with its settings.

    Every method may raise what `Calls.call` raises: TransientError and BusyError when the server did not
    serve in time, InvalidRequest (with the `field`), NotFound and others of PermanentError when it refuses.
    """

    def __init__(self, calls: Calls, name: str) -> None:
        SessionName(DEFAULT_TENANT, name)  # a name that no session can have never becomes a path
        self.name = name
        self._calls = calls
        self._path = f"/v1/sessions/{name}"

    async def send(
        self,
        said: Said,
        *,
        model: str | None = None,
        on_busy: OnBusy = "queue",
        timeout: float | None = TIMEOUT,
        idempotency_key: str | None = None,
    ) -> Reply:
        """Say something and return the ended reply: never a half one.

        A reply that failed is returned, not raised: its `error` says why, and whether to try again.

        Args:
            said: text, or a list of parts.
            model: who is to answer, instead of the session's model.
            on_busy: what is to happen when others wait or are in work.
            timeout: seconds until the end; None waits for it however long it takes.
            idempotency_key: under the same key the same message is accepted once, whatever becomes of
                this process; one that is made up makes up for lost answers only.

        Raises:
            NotEnded: when the reply has not ended in time; it goes on.
            SessionBusy: when others are in work, and `on_busy` is "reject".
        """
        deadline = Deadline(timeout)
        wait = min(_WAIT, deadline.left())
        reply = await self._post(said, model, on_busy, idempotency_key, deadline, wait=wait)
        return await self._ended(reply, deadline)

    async def post(
        self,
        said: Said,
        *,
        model: str | None = None,
        on_busy: OnBusy = "queue",
        timeout: float | None = TIMEOUT,
        idempotency_key: str | None = None,
    ) -> Reply:
        """Say something and return at once when it is accepted, with a reply to `wait` for.

        The arguments are those of `send`.
        """
        return await self._post(said, model, on_busy, idempotency_key, Deadline(timeout))

    def stream(
        self,
        said: Said,
        *,
        model: str | None = None,
        on_busy: OnBusy = "queue",
        timeout: float | None = TIMEOUT,
        idempotency_key: str | None = None,
    ) -> AsyncStream:
        """Say something when the `with` block of the stream begins, and give the answer as it comes.

        The arguments are those of `send`.
        """
        begin = partial(self._post, said, model, on_busy, idempotency_key)
        return AsyncStream(self._calls, f"{self._path}/replies", begin, timeout=timeout, last_event_id="")

    def events(
        self, reply_id: str, *, last_event_id: str = "", timeout: float | None = TIMEOUT
    ) -> AsyncStream:
        """Give the stream of a reply: from its beginning, or behind the event `last_event_id`."""

        async def begin(_: Deadline) -> Reply:
            return Reply(id=reply_id, status="queued")

        replies = f"{self._path}/replies"
        return AsyncStream(self._calls, replies, begin, timeout=timeout, last_event_id=last_event_id)

    async def pick_up(self) -> list[AsyncStream]:
        """Give a stream for each reply that has not ended, in order: after a restart of the client, say."""
        try:
            pending = (await self.state()).pending
        except NotFound:  # nothing was said yet
            return []
        return [self.events(reply_id) for reply_id in pending]

    async def reply(self, reply_id: str) -> Reply:
        """Return a reply as it stands."""
        return await self._look(reply_id, Deadline(None))

    async def wait(self, reply_id: str, *, timeout: float | None = TIMEOUT) -> Reply:
        """Return a reply as soon as it has ended.

        Raises:
            NotEnded: when it has not ended in time; it goes on.
        """
        return await self._ended(Reply(id=reply_id, status="queued"), Deadline(timeout))

    async def cancel(self, reply_id: str) -> Reply:
        """Cancel a reply and return it; one that has ended stays as it is."""
        return await self._calls.call("POST", f"{self._reply_path(reply_id)}/cancel", Reply)

    async def configure(
        self,
        *,
        model: str | None = None,
        system_instruction: str | None = None,
        generation_config: Mapping[str, Any] | None = None,
        safety_settings: Sequence[Mapping[str, Any]] | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tool_config: Mapping[str, Any] | None = None,
        ttl: float | None = None,
    ) -> SessionState:
        """Set the session's settings, all of them: what is not given is as the deployment has it.

        They hold from the next turn on. The inner objects are Gemini's own. What the model's provider does
        not take comes back as the error of the next reply. `ttl` is seconds from the last access on.
        """
        given = {
            "model": model,
            "system_instruction": system_instruction,
            "generation_config": generation_config,
            "safety_settings": safety_settings,
            "tools": tools,
            "tool_config": tool_config,
            "ttl": ttl,
        }
        body = {name: value for name, value in given.items() if value is not None}
        return await self._calls.call("PUT", self._path, SessionState, body=body)

    async def state(self) -> SessionState:
        """Return the session without its messages: counts, settings, what is in work."""
        return await self._calls.call("GET", self._path, SessionState)

    async def history(self, *, after: int = 0) -> AsyncGenerator[Message, None]:
        """Give every message behind the seq `after`, in order; they are read page by page."""
        following: int | None = after
        while following is not None:
            params = {"view": "transcript", "after": following, "limit": _PAGE}
            page = await self._calls.call("GET", f"{self._path}/history", Page, params=params)
            for message in page.messages:
                yield message
            following = page.next

    async def context(self) -> Context:
        """Return what the model is sent: chapters, ledger, and the live messages."""
        return await self._calls.call("GET", f"{self._path}/history", Context, params={"view": "context"})

    async def compact(self, *, keep: int | None = None) -> None:
        """Ask for a compaction now, which leaves `keep` turns verbatim; it happens in the background."""
        body = {} if keep is None else {"keep": keep}
        await self._calls.call("POST", f"{self._path}/compact", object, body=body)

    async def restore(self, *, chapters: int | None = None) -> Restored:
        """Undo the newest compactions, as far as the budget allows, or `chapters` of them.

        It is asked for once: whether one that had no answer was done, the state tells.
        """
        body = {} if chapters is None else {"chapters": chapters}
        return read(await self._calls.once("POST", f"{self._path}/restore", json=body), Restored)

    async def delete(self) -> None:
        """Erase the session.

        Raises:
            NotFound: when there is none, as after a first try whose answer was lost.
        """
        await self._calls.call("DELETE", self._path, object)

    async def media(self, sha256: str) -> bytes:
        """Return the bytes of an image or the like, by the hash under which parts name it."""
        return await self._calls.call("GET", f"{self._path}/media/{quote(sha256, safe='')}", bytes)

    def _reply_path(self, reply_id: str) -> str:
        return f"{self._path}/replies/{quote(reply_id, safe='')}"

    async def _post(
        self,
        said: Said,
        model: str | None,
        on_busy: OnBusy,
        key: str | None,
        deadline: Deadline,
        *,
        wait: float = 0.0,
    ) -> Reply:
        headers = {"Idempotency-Key": uuid4().hex if key is None else visible("idempotency_key", key)}
        if wait >= 1:
            headers["Prefer"] = f"wait={int(wait)}"
        body = message_body(said) | ({"model": model} if model else {})
        if on_busy != "queue":
            body["on_busy"] = on_busy
        path = f"{self._path}/messages"
        return await self._calls.call(
            "POST", path, Reply, body=body, headers=headers, wait=wait, deadline=deadline
        )

    async def _look(self, reply_id: str, deadline: Deadline, *, wait: float = 0.0) -> Reply:
        params = {"wait": f"{wait:.3f}"} if wait else None
        path = self._reply_path(reply_id)
        return await self._calls.call("GET", path, Reply, params=params, wait=wait, deadline=deadline)

    async def _ended(self, reply: Reply, deadline: Deadline) -> Reply:
        while not reply.ended:
            asked = time.monotonic()
            reply = await self._look(reply.id, deadline, wait=min(_WAIT, deadline.left()))
            if not reply.ended:
                if not deadline.left():
                    raise NotEnded(reply.id)
                # Not every server lets a request wait; a reply that comes back at once is polled in peace.
                if time.monotonic() - asked < _POLL:
                    await self._calls.wire.sleep(min(_POLL, deadline.left()))
        return reply
