"""What the API says when it does not answer: whether to try again, and after how long."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from google.genai import errors

from backscroll.errors import PermanentError, TransientError
from backscroll.model.gemini import api_error
from backscroll.model.gemini_errors import pause

KEY = "AIza-the-key-of-the-tests"


def failure(
    status: int, *, details: list[dict[str, Any]] | None = None, headers: dict[str, str] | None = None
) -> errors.APIError:
    """Make the SDK's error, with the request that it carries."""
    body = {"error": {"code": status, "message": "no", "status": "SOME_STATUS", "details": details or []}}
    request = httpx2.Request("POST", "https://example.org/", headers={"x-goog-api-key": KEY})
    return errors.APIError(status, body, httpx2.Response(status, headers=headers, request=request))


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def translated(error: errors.APIError) -> TransientError | PermanentError:
    return api_error(error, KEY)


def asked(error: errors.APIError) -> float | None:
    return pause(error.details, error.response.headers)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_failure_that_passes_is_to_be_tried_again(status: int) -> None:
    error = translated(failure(status))
    assert isinstance(error, TransientError)
    assert error.code == ("model_rate_limited" if status == 429 else "model_unavailable")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_failure_of_the_request_itself_is_not(status: int) -> None:
    error = translated(failure(status))
    assert isinstance(error, PermanentError)
    assert error.code == ("model_not_found" if status == 404 else "model_refused")


def test_the_message_tells_what_the_server_said() -> None:
    assert translated(failure(400)).message == "400 SOME_STATUS: no"


def test_a_provider_that_says_a_page_is_cut_short_and_never_tells_the_key() -> None:
    page = errors.APIError(400, {"message": f"<p>{KEY}</p>" * 1_000, "status": "Bad Request"})
    message = translated(page).message
    assert message.startswith("400 Bad Request: <p>[key]</p>")
    assert len(message) <= 1_001
    assert KEY[:12] not in message


@pytest.mark.parametrize("status", [400, 429, 503])
def test_f34_our_error_carries_nothing_of_the_request(status: int) -> None:
    # Elsewhere errors carried the API key into results and logs.
    error = translated(failure(status))
    assert KEY not in repr(error) + repr(vars(error)) + repr(error.args)
    assert error.__cause__ is None
    assert not any(isinstance(value, Exception | httpx2.Response) for value in vars(error).values())


@pytest.mark.parametrize(("text", "seconds"), [("37s", 37.0), ("3.5s", 3.5), ("0s", 0.0), ("0.25s", 0.25)])
def test_the_pause_is_taken_from_the_retry_info(text: str, seconds: float) -> None:
    quota = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []}
    assert asked(failure(429, details=[quota, retry_info(text)])) == seconds


def test_the_pause_is_else_taken_from_the_header() -> None:
    assert asked(failure(503, headers={"Retry-After": "7"})) == 7.0


def test_the_retry_info_counts_for_more_than_the_header() -> None:
    assert asked(failure(429, details=[retry_info("3s")], headers={"Retry-After": "7"})) == 3.0


def test_a_retry_info_without_a_delay_leaves_it_to_the_header() -> None:
    without = {"@type": "type.googleapis.com/google.rpc.RetryInfo"}
    assert asked(failure(429, details=[without], headers={"Retry-After": "7"})) == 7.0


@pytest.mark.parametrize(
    ("details", "headers"),
    [
        ([], {}),
        ([], {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        ([retry_info("soon")], {}),
        ([{"@type": "type.googleapis.com/google.rpc.Help", "retryDelay": "9s"}], {}),
    ],
)
def test_what_names_no_number_of_seconds_names_no_pause(
    details: list[dict[str, Any]], headers: dict[str, str]
) -> None:
    assert asked(failure(429, details=details, headers=headers)) is None


def test_a_pause_is_never_negative() -> None:
    assert asked(failure(429, details=[retry_info("-5s")])) == 0.0


@pytest.mark.parametrize(
    "body",
    [
        {"error": "overloaded"},
        {"error": None},
        {"error": {"details": None}},
        {"error": {"details": ["x", 7, None]}},
        ["overloaded"],
        [],
        "overloaded",
        None,
    ],
)
def test_a_body_that_is_not_of_googles_form_is_survived(body: Any) -> None:
    assert isinstance(translated(errors.APIError(503, body, httpx2.Response(503))), TransientError)


def test_a_failure_in_the_middle_of_a_stream_has_no_response_and_is_understood() -> None:
    body = {"error": {"code": 503, "message": "no", "status": "UNAVAILABLE"}}
    error = translated(errors.APIError(503, [body]))
    assert isinstance(error, TransientError)
    assert error.delay is None


def test_a_pause_is_a_day_at_most() -> None:
    for text, seconds in (("1e30s", 86_400.0), ("inf", None), ("nans", None)):
        assert asked(failure(429, details=[retry_info(text)])) == seconds
