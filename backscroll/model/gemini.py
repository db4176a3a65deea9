"""Gemini, through the google-genai SDK. No other file knows the SDK.

Plain dicts go in, because converting the SDK's own types costs twice as much. Nothing of the SDK comes
out: its `APIError` holds the whole request with key and prompt, so each error is raised anew `from None`.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Any

import httpx2
import pydantic
from google import genai
from google.genai import errors, types

from backscroll.errors import PermanentError, TransientError
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Part, Text
from backscroll.model.port import Answer, Content, Heard, Prompt
from backscroll.model.schema import json_schema
from backscroll.model.stop import Stop
from backscroll.settings import ModelSettings

_TRANSIENT_STATUS = frozenset({408, 425, 429, 499, 500, 502, 503, 504})
# A day: whoever asks for more is asked again all the same.
_LONGEST_DELAY = 86_400.0
_BLOCKED = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"})
_PART_FIELDS = frozenset(field.alias or name for name, field in types.Part.model_fields.items())
_AGAIN = frozenset({"OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "FINISH_REASON_UNSPECIFIED"})


class Gemini:
    """The model behind google-genai. Threads share it; a forked process needs one of its own.

    Calls run on one event loop in a thread of its own, whoever waits for them: a call that nobody wants
    any more is dropped at once, also in the middle of a silence, and its connection closed.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: genai.Client | None = None

    def connect(self) -> tuple[asyncio.AbstractEventLoop, genai.Client]:
        """Make loop and client; the first call does it too. Nothing is sent."""
        with self._lock:
            if self._loop is None or self._client is None:
                self._client = _client(self._settings)
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="gemini", daemon=True)
                self._thread.start()
            return self._loop, self._client

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        """Answer `prompt`; see `Model.generate`."""
        stop.check()
        loop, client = self.connect()
        call = asyncio.run_coroutine_threadsafe(_generate(client, prompt, timeout, deadline, heard), loop)
        with stop.ending(call.cancel):
            try:
                return call.result()
            except CancelledError:
                stop.check()
                raise TransientError("model_closed", "the model was closed during the call") from None

    def close(self) -> None:
        """Close the connections, and end the loop; calls that still run are dropped."""
        with self._lock:
            loop, thread, client = self._loop, self._thread, self._client
            self._loop = self._thread = self._client = None
        if loop is None or thread is None or client is None:
            return
        asyncio.run_coroutine_threadsafe(_close(client), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _client(settings: ModelSettings) -> genai.Client:
    unlimited = {"limits": httpx2.Limits(max_connections=None, max_keepalive_connections=None)}
    options: types.HttpOptionsDict = {"async_client_args": unlimited}
    if settings.base_url:
        options["base_url"] = settings.base_url
    return genai.Client(api_key=settings.api_key or "none", http_options=options)


async def _close(client: genai.Client) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await client.aio.aclose()
    client.close()


async def _generate(
    client: genai.Client, prompt: Prompt, timeout: float, deadline: float, heard: Heard | None
) -> Answer:
    config = {"http_options": {"timeout": max(1, int(timeout * 1000))}} | _config(prompt)
    gathered = _Gathered()
    if heard is not None:
        heard.begin()
    with _translated():
        try:
            async with asyncio.timeout(deadline):
                stream = await client.aio.models.generate_content_stream(
                    model=prompt.model,
                    contents=[_to_sdk(content) for content in prompt.contents],
                    config=config,  # type: ignore[arg-type]  # the SDK's typed dict, built up in steps
                )
                async for chunk in stream:
                    parts = gathered.add(chunk)
                    if heard is not None:
                        heard.hear(parts, _usage(chunk.usage_metadata) if chunk.usage_metadata else None)
        except TimeoutError:
            raise TransientError("deadline", "the model did not finish in time") from None
    return gathered.answer(prompt.model)


def _config(prompt: Prompt) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if prompt.system:
        config["system_instruction"] = prompt.system
    if prompt.max_output_tokens:
        config["max_output_tokens"] = prompt.max_output_tokens
    if prompt.schema is not None:
        config["response_mime_type"] = "application/json"
        config["response_json_schema"] = json_schema(prompt.schema)
    if prompt.tier != "standard":
        # Flex is shed with a 503 or 429 when there is no room. That is tried again until the deadline, and
        # then given up as any other: nobody waits for what is asked for at this tier, and the next try is
        # cheaper than the full price for this one.
        config["service_tier"] = prompt.tier
    return config


class _Gathered:
    """A streamed answer as it comes together: one list of parts, however it was cut into chunks."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._finish: str | None = None
        self._blocked: str | None = None
        self._usage = Usage()
        self._model: str | None = None

    def add(self, chunk: types.GenerateContentResponse) -> list[Part]:
        """Take a chunk in, and give the parts that it brought."""
        if chunk.model_version:
            self._model = chunk.model_version
        if chunk.usage_metadata:
            self._usage = _usage(chunk.usage_metadata)
        if chunk.prompt_feedback and chunk.prompt_feedback.block_reason:
            self._blocked = chunk.prompt_feedback.block_reason.value
        brought: list[Part] = []
        for candidate in (chunk.candidates or [])[:1]:
            found = (candidate.content and candidate.content.parts) or []
            # The SDK empties a part that it does not know.
            brought = [_from_sdk(part) for part in found if part.model_fields_set]
            for part in brought:
                self._join(part)
            if candidate.finish_reason:
                self._finish = candidate.finish_reason.value
        return brought

    def _join(self, part: Part) -> None:
        last = self._parts[-1] if self._parts else None
        if isinstance(part, Text) and isinstance(last, Text):
            # A signature belongs to exactly the text that it came with; so does a field we do not know.
            plain = not (last.signature or last.extra or part.signature or part.extra)
            if plain and last.thought == part.thought:
                self._parts[-1] = Text(last.text + part.text, thought=last.thought)
                return
        if part != Text(""):
            self._parts.append(part)

    def answer(self, asked: str) -> Answer:
        said = any(isinstance(part, Other) or (part.text and not part.thought) for part in self._parts)
        if self._blocked or self._finish in _BLOCKED:
            raise PermanentError("blocked", f"the model refused to answer: {self._blocked or self._finish}")
        if self._finish is None:
            raise TransientError("stream_cut", "the model's answer ended before it was finished")
        if self._finish in _AGAIN or (self._finish == "STOP" and not said):
            raise TransientError("empty_answer", f"the model gave no answer: {self._finish}")
        if not said:
            raise PermanentError("no_answer", f"the model ended without an answer: {self._finish}")
        return Answer(
            parts=tuple(self._parts),
            usage=self._usage,
            model=self._model or asked,
            finish="stop" if self._finish == "STOP" else "cut_off",
        )


def _usage(found: types.GenerateContentResponseUsageMetadata) -> Usage:
    return Usage(
        prompt_tokens=found.prompt_token_count,
        output_tokens=found.candidates_token_count,
        thought_tokens=found.thoughts_token_count,
        cached_tokens=found.cached_content_token_count,
        total_tokens=found.total_token_count,
    )


def _to_sdk(content: Content) -> dict[str, Any]:
    return {"role": content.role, "parts": [_part_to_sdk(part) for part in content.parts]}


def _part_to_sdk(part: Part) -> dict[str, Any]:
    if isinstance(part, Other):
        sent = _known(part.raw)
        # The SDK refuses fields that it does not know, and the model a part without any.
        return sent or {"text": f"({part.raw.get('type', 'something')}, which cannot be shown here)"}
    sent = {"text": part.text, **_known(part.extra)}
    if part.thought:
        sent["thought"] = True
    if part.signature is not None:
        sent["thoughtSignature"] = part.signature
    return sent


def _known(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name in _PART_FIELDS}


def _from_sdk(part: types.Part) -> Part:
    raw = part.model_dump(mode="json", exclude_none=True, by_alias=True)
    if "text" not in raw:
        # functionCall → function_call: the stored form names its types as the rest of it is named
        kind = next((name for name in raw if name not in ("thought", "thoughtSignature")), "empty")
        return Other({"type": "".join("_" + c.lower() if c.isupper() else c for c in kind), **raw})
    return Text(
        text=raw.pop("text"),
        thought=raw.pop("thought", False),
        signature=raw.pop("thoughtSignature", None),
        extra=raw,
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn whatever the SDK and its transport raise into our own, by the decision that it causes."""
    try:
        yield
    except errors.APIError as error:
        raise _api_error(error) from None
    except httpx2.TimeoutException:
        raise TransientError("model_timeout", "the model was silent for too long") from None
    except httpx2.TransportError as error:
        raise TransientError(
            "model_unreachable", f"no connection to the model: {type(error).__name__}"
        ) from None
    except (JSONDecodeError, errors.UnknownApiResponseError, TypeError, pydantic.ValidationError) as error:
        # The SDK has no error of its own for an answer that it cannot read.
        raise TransientError(
            "model_garbled", f"the model's answer cannot be read: {type(error).__name__}"
        ) from None


def _api_error(error: errors.APIError) -> TransientError | PermanentError:
    message = f"{error.code} {error.status}: {error.message}"
    if error.code in _TRANSIENT_STATUS:
        code = "model_rate_limited" if error.code == 429 else "model_unavailable"
        return TransientError(code, message, delay=_delay(error))
    return PermanentError("model_refused", message)


def _delay(error: errors.APIError) -> float | None:
    """Find the pause, in seconds, that the server asks for: a RetryInfo detail, else a Retry-After header."""
    headers = getattr(error.response, "headers", None) or {}
    for text in (*_retry_infos(error.details), headers.get("retry-after", "")):
        try:
            seconds = float(str(text).removesuffix("s"))
        except ValueError:
            continue  # a date, or nothing: not a number of seconds
        if math.isfinite(seconds):
            return min(max(0.0, seconds), _LONGEST_DELAY)
    return None


def _retry_infos(details: Any) -> Iterator[Any]:
    # Proxies answer in forms of their own: whatever is not Google's is passed over.
    body = details[0] if isinstance(details, list) and details else details
    error = body.get("error") if isinstance(body, dict) else None
    found = error.get("details") if isinstance(error, dict) else None
    for detail in found if isinstance(found, list) else ():
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("RetryInfo"):
            yield detail.get("retryDelay", "")
