"""Stored streams, answered by a real server: what becomes of them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from google import genai

from backscroll.errors import BackscrollError, PermanentError, TransientError
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Text
from backscroll.model.gemini import Gemini
from backscroll.model.stop import Stop
from tests.sdk.asking import Listening, ask
from tests.sdk.server import Ending, Replaying
from tests.stack.conditions import until

# Before it, the SDK split lines at U+2028 and its like, as `str.splitlines` does.
SPLITS_LINES_RIGHT = tuple(map(int, genai.__version__.split(".")[:2])) >= (3, 4)


def call(name: str, args: dict[str, Any], number: int) -> dict[str, Any]:
    return {"type": "function_call", "functionCall": {"id": f"c-{number}", "name": name, "args": args}}


def test_an_answer_in_pieces_is_one_text_and_its_tokens_are_counted(api: Replaying, gemini: Gemini) -> None:
    api.stream("plain")
    heard = Listening()
    answer = ask(gemini, heard=heard)
    assert answer.parts == (Text("It costs 42,50 €."),)
    assert (answer.model, answer.finish) == ("gemini-3.5-flash-002", "stop")
    assert answer.usage == Usage(prompt_tokens=7, output_tokens=6, total_tokens=13)
    assert (heard.begun, heard.parts) == (1, [Text("It costs "), Text("42,50 €.")])
    assert heard.usages[-1] == answer.usage


def test_thoughts_words_and_the_signature_at_the_end_stay_apart(api: Replaying, gemini: Gemini) -> None:
    api.stream("thinking")
    answer = ask(gemini)
    assert answer.parts == (
        Text("**They ask** for a price.", thought=True),
        Text("It costs 42,50 €. 上海 🛳"),
        Text("", signature="_v79-w=="),
    )
    assert (answer.usage.thought_tokens, answer.usage.cached_tokens) == (20, 4)


def test_calls_come_whole_with_their_ids_and_the_first_ones_signature(api: Replaying, gemini: Gemini) -> None:
    api.stream("calls")
    answer = ask(gemini)
    assert answer.finish == "stop"
    assert answer.parts == (
        Text("Let me see. "),
        Other(
            {
                **call("weather", {"place_name": "上海", "days": [1, 2.5, None]}, 1),
                "thoughtSignature": "_v79-w==",
            }
        ),
        Other(call("now", {}, 2)),
        Other(call("now", {"zone": {"of_place": "上海"}}, 3)),
    )


def test_code_and_its_result_come_whole(api: Replaying, gemini: Gemini) -> None:
    api.stream("code")
    code = {"code": "print(6 * 7)\n", "language": "PYTHON", "id": "x-1"}
    result = {"outcome": "OUTCOME_OK", "output": "42\n", "id": "x-1"}
    assert ask(gemini).parts == (
        Other({"type": "executable_code", "executableCode": code, "thoughtSignature": "_v79-w=="}),
        Other({"type": "code_execution_result", "codeExecutionResult": result}),
        Text("It is 42."),
    )


def test_media_come_whole(api: Replaying, gemini: Gemini) -> None:
    api.stream("media")
    image = {"data": "iVBORw0KGgo-_w==", "mimeType": "image/png"}
    assert ask(gemini).parts == (
        Text("Here it is."),
        Other({"type": "inline_data", "inlineData": image, "thoughtSignature": "_v79-w=="}),
    )


def test_f33_what_the_sdk_does_not_know_does_not_stop_the_rest(api: Replaying, gemini: Gemini) -> None:
    # Elsewhere a new field of the API broke every answer until the SDK was updated.
    api.stream("unknown")
    now = {"name": "now", "args": {"new_arg": {"kept": True}}}
    assert ask(gemini).parts == (
        Text("Look: "),
        Other({"type": "function_call", "functionCall": now}),
        Text("a cat."),
    )


def test_a_line_separator_within_a_text_is_part_of_it(api: Replaying, gemini: Gemini) -> None:
    api.stream("separators")
    if SPLITS_LINES_RIGHT:
        assert ask(gemini).parts == (Text("one\u2028two\u2029three"),)
    else:  # an error that is tried again, and never half a text
        with pytest.raises(TransientError) as caught:
            ask(gemini)
        assert caught.value.code == "model_garbled"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("separators_escaped", "one\u2028two\u2029three\u0085four"),
        ("braces", 'an open { and a "quoted }" \\'),
    ],
)
def test_signs_that_have_a_meaning_of_their_own_are_part_of_a_text(
    api: Replaying, gemini: Gemini, name: str, text: str
) -> None:
    api.stream(name)
    assert ask(gemini).parts == (Text(text),)


def test_an_answer_that_the_output_limit_ended_is_kept(api: Replaying, gemini: Gemini) -> None:
    api.stream("full")
    answer = ask(gemini)
    assert (answer.finish, answer.parts) == ("cut_off", (Text("It costs 42"),))


@pytest.mark.parametrize(
    ("name", "ending", "code", "kind"),
    [
        ("blocked", "whole", "blocked", PermanentError),
        ("unfinished", "whole", "stream_cut", TransientError),
        ("plain", "cut", "model_unreachable", TransientError),
        ("garbled", "whole", "model_garbled", TransientError),
        ("wrong_types", "whole", "model_garbled", TransientError),
        ("failing", "whole", "model_unavailable", TransientError),
        ("failing_in_words", "whole", "model_garbled", TransientError),
    ],
)
def test_what_is_no_answer_is_an_error_that_tells_whether_to_try_again(
    api: Replaying, gemini: Gemini, name: str, ending: Ending, code: str, kind: type[BackscrollError]
) -> None:
    api.stream(name, ending)
    with pytest.raises(kind) as caught:
        ask(gemini)
    assert caught.value.code == code


def test_a_model_that_falls_silent_is_not_waited_for(api: Replaying, gemini: Gemini) -> None:
    api.stream("plain", "silent")
    with pytest.raises(TransientError) as caught:
        ask(gemini, timeout=0.2)
    assert caught.value.code == "model_timeout"
    assert api.left.wait(10), "its connection is closed"


def test_a_call_that_nobody_wants_any_more_ends_at_once(api: Replaying, gemini: Gemini) -> None:
    api.stream("plain", "silent")
    stop, gone = Stop(), BackscrollError("gone", "nobody wants it")

    def change_ones_mind() -> None:
        assert api.begun.wait(10)
        stop.stop(gone)

    watching = threading.Thread(target=change_ones_mind)
    watching.start()
    with pytest.raises(BackscrollError) as caught:
        ask(gemini, timeout=60, stop=stop)
    watching.join()
    assert caught.value is gone
    assert api.left.wait(10), "its connection is closed"


def test_the_adapter_may_be_closed_in_the_middle_of_a_call_and_asked_again(
    api: Replaying, gemini: Gemini
) -> None:
    api.stream("plain", "silent")

    def close() -> None:
        assert api.begun.wait(10)
        gemini.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(TransientError) as caught:
        ask(gemini, timeout=60)
    closing.join()
    assert caught.value.code == "model_closed"
    api.stream("plain")
    assert ask(gemini).parts == (Text("It costs 42,50 €."),)


def test_calls_one_after_the_other_share_a_connection_and_one_beside_them_has_its_own(
    api: Replaying, gemini: Gemini
) -> None:
    stop, gone = Stop(), BackscrollError("gone", "nobody wants it")

    def wait_in_vain() -> None:
        with pytest.raises(BackscrollError):
            ask(gemini, timeout=60, stop=stop)

    api.stream("plain", "silent")
    waiting = threading.Thread(target=wait_in_vain)
    waiting.start()
    assert api.begun.wait(10)
    for _ in range(3):
        api.stream("plain")
        assert ask(gemini).parts == (Text("It costs 42,50 €."),)
    silent, *others = [request.connection for request in api.requests]
    assert len(set(others)) == 1
    assert silent not in others
    stop.stop(gone)
    waiting.join()


def test_an_answer_that_fails_before_its_end_leaves_no_connection_behind(
    api: Replaying, gemini: Gemini
) -> None:
    for name in ("plain", "failing_in_words"):
        api.stream(name)
    ask(gemini)
    with pytest.raises(TransientError):
        ask(gemini)
    _, failed = [request.connection for request in api.requests]
    until("it is closed", lambda: failed not in api.connections)
    api.stream("plain")
    assert ask(gemini).parts == (Text("It costs 42,50 €."),)
