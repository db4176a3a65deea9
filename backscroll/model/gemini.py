"""Gemini, through the google-genai SDK. No other file knows the SDK.

The SDK brings the request there and reads the answer; what is asked is written by `gemini_body`, at a
tenth of what the SDK takes to turn a long history into JSON. Nothing of the SDK comes out: its `APIError`
holds the whole request with key and prompt, so each error is raised anew `from None`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from contextvars import ContextVar
from json import JSONDecodeError
from typing import Any, Self
from urllib.request import getproxies

import httpx2
import pydantic
from google import genai
from google.genai import errors, types

from backscroll.errors import PermanentError, TransientError
from backscroll.messages.message import Usage
from backscroll.messages.part import Part
from backscroll.model.gathered import Chunk, Gathered
from backscroll.model.gemini_body import Shapes, body
from backscroll.model.gemini_errors import refusal
from backscroll.model.gemini_parts import received
from backscroll.model.lanes import Lanes
from backscroll.model.port import Answer, Heard, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import ModelSettings

SHAPES = Shapes(
    content=types.Content,
    part=types.Part,
    generation_config=types.GenerationConfig,
    safety_setting=types.SafetySetting,
    tool=types.Tool,
    tool_config=types.ToolConfig,
)

# Whoever calls functions, it is not the SDK.
_CALLS_NOTHING = types.AutomaticFunctionCallingConfig(disable=True)
# The SDK wants contents; those of the body take their place.
_ELSEWHERE = types.Content(role="user", parts=[])


class _Config(types.GenerateContentConfig):
    """The config of one call, which holds all of the history: the SDK would copy that, and search it."""

    def __contains__(self, _: object) -> bool:
        """Say at once what takes the SDK a pass through all fields, for each of them: it is no mapping."""
        return False

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Give a copy that shares what it holds: nobody changes that."""
        return super().model_copy(update=update)


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
        self._client: _Client | None = None

    def connect(self) -> None:
        """Make loop and client; the first call does it too. Nothing is sent."""
        with self._lock:
            self._connected()

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        """Answer `prompt`; see `Model.generate`."""
        stop.check()
        asked = body(prompt, SHAPES)
        with self._lock:
            loop, client = self._connected()
        answering = client.generate(prompt.model, asked, timeout=timeout, deadline=deadline, heard=heard)
        call = asyncio.run_coroutine_threadsafe(answering, loop)
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

    def _connected(self) -> tuple[asyncio.AbstractEventLoop, _Client]:
        """Give the loop and the client. For who holds the lock."""
        if self._loop is None or self._client is None:
            self._client = _Client(self._settings)  # first: it may fail, and would leave a loop without one
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="gemini", daemon=True)
            self._thread.start()
        return self._loop, self._client


def _is_proxied() -> bool:
    """Tell whether the environment names a proxy; NO_PROXY alone names none."""
    named = getproxies()
    return any(named.get(scheme) for scheme in ("http", "https", "all"))


async def _close(client: _Client) -> None:
    calls = asyncio.all_tasks() - {asyncio.current_task()}
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await client.close()


class _Client:
    """A client of the SDK, and the transport that it uses: ours, so that we know whose errors to expect.

    Left to itself, the SDK takes httpx, httpx2 or aiohttp, by its version and by what is installed.
    """

    def __init__(self, settings: ModelSettings) -> None:
        trusted = httpx2.create_ssl_context()  # the dearest part: made once
        unlimited = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        self._transport = httpx2.AsyncClient(
            # Which proxy serves which address, httpx alone knows.
            transport=None if _is_proxied() else Lanes(trusted),
            verify=trusted,
            limits=unlimited,
            follow_redirects=True,
            event_hooks={"response": [_note]},
        )
        options = types.HttpOptions(
            base_url=settings.base_url or None,
            httpx_async_client=self._transport,
            client_args={"verify": trusted},
        )
        self._key = settings.api_key
        self._sdk = genai.Client(api_key=settings.api_key or "none", http_options=options)

    async def generate(
        self, model: str, asked: dict[str, object], *, timeout: float, deadline: float, heard: Heard | None
    ) -> Answer:
        config = _Config(
            http_options=types.HttpOptions(timeout=max(1, int(timeout * 1000)), extra_body=asked),
            automatic_function_calling=_CALLS_NOTHING,
        )
        gathered = Gathered()
        if heard is not None:
            heard.begin()
        with _translated(self._key):
            try:
                async with asyncio.timeout(deadline):
                    stream = await self._sdk.aio.models.generate_content_stream(
                        model=model, contents=_ELSEWHERE, config=config
                    )
                    async for response in stream:
                        chunk = read(response)
                        gathered.add(chunk)
                        if heard is not None:
                            heard.hear(chunk.parts, chunk.usage, last=chunk.finish is not None)
            except TimeoutError:
                raise TransientError("deadline", "the model did not finish in time") from None
            finally:
                await _leave()
        return gathered.answer(model)

    async def close(self) -> None:
        await self._transport.aclose()
        self._sdk.close()


# The response of the call that runs in this context.
_response: ContextVar[httpx2.Response] = ContextVar("response")


async def _note(response: httpx2.Response) -> None:
    _response.set(response)


async def _leave() -> None:
    """Close what the SDK leaves open where an answer is not heard to its end: its connection would stay."""
    response = _response.get(None)
    if response is not None and not response.is_closed:
        await response.aclose()


def read(response: types.GenerateContentResponse) -> Chunk:
    """Give a piece of an answer without the SDK's types."""
    candidate = response.candidates[0] if response.candidates else None
    found = (candidate and candidate.content and candidate.content.parts) or []
    feedback = response.prompt_feedback
    return Chunk(
        # The SDK empties a part that it does not know.
        parts=tuple(_part(part) for part in found if part.model_fields_set),
        finish=candidate.finish_reason.value if candidate and candidate.finish_reason else None,
        blocked=feedback.block_reason.value if feedback and feedback.block_reason else None,
        usage=_usage(response.usage_metadata) if response.usage_metadata else None,
        model=response.model_version,
    )


def _part(part: types.Part) -> Part:
    return received(part.model_dump(mode="json", exclude_none=True, by_alias=True))


def _usage(found: types.GenerateContentResponseUsageMetadata) -> Usage:
    return Usage(
        prompt_tokens=found.prompt_token_count,
        output_tokens=found.candidates_token_count,
        thought_tokens=found.thoughts_token_count,
        cached_tokens=found.cached_content_token_count,
        total_tokens=found.total_token_count,
    )


@contextmanager
def _translated(key: str) -> Iterator[None]:
    """Turn whatever the SDK and its transport raise into our own, by the decision that it causes."""
    try:
        yield
    except errors.APIError as error:
        raise api_error(error, key) from None
    except httpx2.TimeoutException:
        raise TransientError("model_timeout", "the model was silent for too long") from None
    except httpx2.TransportError as error:
        raise TransientError(
            "model_unreachable", f"no connection to the model: {type(error).__name__}"
        ) from None
    except (
        JSONDecodeError,
        errors.UnknownApiResponseError,
        TypeError,
        AttributeError,
        pydantic.ValidationError,
    ) as error:
        # The SDK has no error of its own for an answer that it cannot read.
        raise TransientError(
            "model_garbled", f"the model's answer cannot be read: {type(error).__name__}"
        ) from None
    except (ValueError, httpx2.InvalidURL):
        # All else of the request was checked before: what is left stands in its address and headers.
        raise PermanentError("invalid_config", "the model's name or the key cannot be sent") from None
    except RecursionError:
        raise PermanentError("invalid_config", "what is sent is nested too deeply") from None


def api_error(error: errors.APIError, key: str) -> TransientError | PermanentError:
    """Make our error of the SDK's, which holds the whole request; of that nothing goes on."""
    said = f"{error.code} {error.status}: {error.message}"
    headers = getattr(error.response, "headers", None)
    return refusal(
        error.code, said.replace(key, "[key]") if key else said, details=error.details, headers=headers
    )
