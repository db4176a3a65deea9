"""Invariant 5: no request is larger than the ceiling, whatever is said, shown, called, set or measured."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backscroll.answering.context import build_prompt, frame, of_settings, scale
from backscroll.errors import PermanentError, TooLarge
from backscroll.messages import tokens
from backscroll.messages.message import Message
from backscroll.messages.part import Other, Part, Text
from backscroll.messages.said import check_fits
from backscroll.session_settings import SessionSettings
from backscroll.settings import BudgetSettings, Settings
from backscroll.store.turns import Context
from tests.unit.claimed import turn
from tests.unit.test_context import chapters, ledger, size

DEFAULT = BudgetSettings().ceiling_tokens
# Below this, what was measured of a session tells nothing about the next message.
TELLING = 500
UNSET = SessionSettings()


def shown(mime: str, size: int) -> Part:
    blob = {"mimeType": mime, "sha256": "0" * 64, "size": size}
    return Other({"type": "inline_data", "inlineData": blob})


def elsewhere(mime: str) -> Part:
    return Other({"type": "file_data", "fileData": {"mimeType": mime, "fileUri": "gs://bucket/x"}})


def tool(kind: str, values: str, name: str, of: str, length: int) -> Part:
    told: dict[str, Any] = {"name": name, values: {"x": "x" * length}}
    camel = "functionCall" if kind == "function_call" else "functionResponse"
    return Other({"type": kind, camel: told | ({"id": of} if of else {})})


KINDS = st.sampled_from(
    ["image/png", "application/pdf", "audio/mpeg", "video/mp4", "text/csv", "application/zip", "image/heic"]
)
WORDS = st.builds(lambda letter, count: Text(letter * count), st.sampled_from("xé鯡"), st.integers(0, 9_000))
MEDIA = st.builds(shown, KINDS, st.integers(0, 8_000_000)) | st.builds(elsewhere, KINDS)
# Few names and ids, so that some match; long ones, since what answers in a response's place has them too.
NAMES = st.sampled_from(["f", "g", "long_" * 25])
IDS = st.sampled_from(["", "1", "2", "0" * 60])
LENGTHS = st.integers(0, 3_000)
CALLS = st.builds(tool, st.just("function_call"), st.just("args"), NAMES, IDS, LENGTHS)
RESPONSES = st.builds(tool, st.just("function_response"), st.just("response"), NAMES, IDS, LENGTHS)

ASKED = st.lists(WORDS | MEDIA | RESPONSES, min_size=1, max_size=6).map(tuple)
ANSWERED = st.lists(WORDS | MEDIA | CALLS, min_size=1, max_size=4).map(tuple)
SETTINGS = st.builds(
    lambda told, tool, schema: SessionSettings(
        system_instruction="i" * told or None,
        tools=({"functionDeclarations": [{"name": "f", "description": "d" * tool}]},) if tool else (),
        generation_config={"responseSchema": {"type": "STRING", "title": "d" * schema}} if schema else {},
    ),
    st.integers(0, 30_000),
    st.integers(0, 30_000),
    st.integers(0, 3_000),
)


def history(turns: list[tuple[tuple[Part, ...], tuple[Part, ...]]], cut: int) -> tuple[Message, ...]:
    said = [(role, parts) for turn in turns for role, parts in zip(("user", "model"), turn, strict=True)]
    return tuple(
        Message(seq=seq, role="user" if role == "user" else "model", ts=seq, parts=parts)
        for seq, (role, parts) in enumerate(said, 1)
    )[cut:]


CONTEXTS = st.builds(
    lambda texts, value, turns, cut, measured: Context(
        chapters=chapters(*("n" * length for length in texts)),
        ledger=ledger("l" * value),
        messages=history(turns, cut),
        tokens=measured,
    ),
    st.lists(st.integers(1, 3_000), max_size=4),
    st.integers(0, 2_000),
    st.lists(st.tuples(ASKED, ANSWERED), max_size=8),
    st.integers(0, 3),
    st.integers(0, 60_000),
)


def below(ceiling: int) -> Settings:
    return Settings(budget=BudgetSettings(ceiling_tokens=ceiling))


def weighed(request: tuple[Part, ...], rate: float) -> int:
    """Weigh a request: its texts as dense as the session was measured, its media by their kind."""
    media = tokens.of_media_in(request)
    return media + round((tokens.of_parts(request) - media) * rate)


def known(context: Context) -> int:
    """Estimate the tokens of a context."""
    return sum(tokens.of_parts(each.parts) for each in frame(context)) + tokens.of_messages(context.messages)


def check(request: tuple[Part, ...], context: Context, settings: SessionSettings, ceiling: int) -> None:
    """See that a prompt fits below the ceiling, and that there is one if its request does."""
    measured = max(1.0, scale(context))
    rate = measured if known(context) >= TELLING else 1.0
    alone = of_settings(settings) + weighed(request, rate)
    if alone > ceiling:
        with pytest.raises(PermanentError, match="tokens; at most"):
            build_prompt(turn(request, context, settings), below(ceiling))
        return
    prompt = build_prompt(turn(request, context, settings), below(ceiling))
    assert of_settings(settings) + size(prompt) <= ceiling
    if len(prompt.contents) > 1:
        assert of_settings(settings) + size(prompt) * measured <= ceiling + 1e-6
    assert tokens.of_parts(prompt.contents[-1].parts) >= min(1, tokens.of_parts(request)), "it is sent"


@given(ASKED, CONTEXTS, SETTINGS, st.integers(100, 60_000))
@example((shown("image/png", 1),) * 64, Context(), UNSET, DEFAULT)
@example((shown("application/pdf", 8 * 2**20),), Context(), UNSET, DEFAULT)
@example((Text("x" * 65_536),), Context(), SessionSettings(system_instruction="x" * 65_000), DEFAULT)
@example((Text("x" * 65_536),), Context(), SessionSettings(system_instruction="x" * 65_000), 32_000)
def test_no_prompt_exceeds_the_ceiling_with_its_request_and_settings(
    request: tuple[Part, ...], context: Context, settings: SessionSettings, ceiling: int
) -> None:
    check(request, context, settings, ceiling)


# Calls that nobody has answered, and one whose response names another.
_CALLED = tool("function_call", "args", "long_" * 25, "1", 10)
_STRAY = tool("function_response", "response", "long_" * 25, "2", 10)


@given(ASKED, CONTEXTS, SETTINGS, st.integers(0, 8), st.integers(-5, 150))
@example((Text("so?"),), Context(messages=history([((Text("a"),), (_CALLED, _CALLED))], 0)), UNSET, 1, 100)
@example((Text("so?"),), Context(messages=history([((Text("a"),), (_CALLED,))], 0)), UNSET, 1, 0)
@example((_STRAY,), Context(messages=history([((Text("a"),), (_CALLED,))], 0)), UNSET, 1, 0)
def test_a_prompt_with_hardly_any_room_does_not_exceed_it_by_what_is_made_up_for_its_calls(
    request: tuple[Part, ...], context: Context, settings: SessionSettings, sent: int, spare: int
) -> None:
    unmeasured = msgspec.structs.replace(context, tokens=0)
    newest = msgspec.structs.replace(
        unmeasured, messages=context.messages[max(0, len(context.messages) - 2 * sent) :]
    )
    ceiling = of_settings(settings) + known(newest) + tokens.of_parts(request) + spare
    check(request, unmeasured, settings, max(ceiling, 1))


@given(ASKED, SETTINGS, st.integers(100, 60_000))
def test_what_is_accepted_is_sent_where_nothing_has_changed(
    request: tuple[Part, ...], settings: SessionSettings, ceiling: int
) -> None:
    try:
        check_fits(tokens.of_parts(request), "parts", ceiling, settings=of_settings(settings))
    except TooLarge:
        with pytest.raises(PermanentError):
            build_prompt(turn(request, Context(), settings), below(ceiling))
    else:
        build_prompt(turn(request, Context(), settings), below(ceiling))


@given(SETTINGS)
def test_what_is_stored_of_settings_weighs_no_less_than_what_is_sent_of_them(
    settings: SessionSettings,
) -> None:
    assert tokens.of_bytes(len(msgspec.json.encode(settings))) >= of_settings(settings)


def measured(text: str, rate: float) -> Context:
    said = history([((Text(text),), (Text(text),))], 0)
    return Context(messages=said, last=2, tokens=round(tokens.of_messages(said) * rate))


def test_a_text_counts_as_dense_as_its_session_was_measured_and_a_document_does_not() -> None:
    dense = measured("7" * 4_000, 2.5)
    with pytest.raises(PermanentError, match=r"estimated 40,9\d\d tokens.* 40,000") as caught:
        build_prompt(turn((Text("7" * 65_536),), dense, SessionSettings()), below(DEFAULT))
    assert caught.value.code == "over_ceiling"
    document = shown("application/pdf", 6 * 2**20)
    assert build_prompt(turn((document,), dense, SessionSettings()), below(DEFAULT))


def test_no_message_fails_for_what_was_measured_of_a_few_words() -> None:
    odd = measured("Yes.", 3.0)
    assert build_prompt(turn((Text("x" * 65_536),), odd, SessionSettings()), below(DEFAULT))


def test_the_error_says_what_to_do_and_nothing_of_what_was_said() -> None:
    with pytest.raises(PermanentError) as caught:
        build_prompt(turn((Text("secret " * 10_000),), Context(), SessionSettings()), below(16_000))
    assert "BACKSCROLL_CEILING_TOKENS" in caught.value.message
    assert "smaller pieces" in caught.value.message
    assert "secret" not in caught.value.message
