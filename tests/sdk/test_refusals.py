"""What the API says when it does not answer, through the whole adapter."""

from __future__ import annotations

import pytest

from backscroll.errors import PermanentError, TransientError
from backscroll.messages.part import Text
from backscroll.model.gemini import Gemini
from backscroll.model.port import Content
from backscroll.settings import ModelSettings
from tests.sdk.asking import ask, prompt
from tests.sdk.server import Replaying

KEY = "AIza-the-key-of-the-tests"


def test_a_429_tells_when_to_come_back(api: Replaying, gemini: Gemini) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.5s"}
    api.refuse(429, "Quota exceeded.", details=[info])
    with pytest.raises(TransientError) as caught:
        ask(gemini)
    assert (caught.value.code, caught.value.delay) == ("model_rate_limited", 12.5)


def test_a_503_tells_it_in_its_header(api: Replaying, gemini: Gemini) -> None:
    api.refuse(503, "Overloaded.", headers={"Retry-After": "7"})
    with pytest.raises(TransientError) as caught:
        ask(gemini)
    assert (caught.value.code, caught.value.delay) == ("model_unavailable", 7.0)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (404, "model_not_found", "models/gemini-9 is not found for API version v1."),
        (400, "model_refused", "Invalid value at 'generation_config.temperature'."),
        (403, "model_refused", "Permission denied."),
    ],
)
def test_what_will_not_do_is_told_in_the_providers_words(
    api: Replaying, gemini: Gemini, status: int, code: str, message: str
) -> None:
    api.refuse(status, message)
    with pytest.raises(PermanentError) as caught:
        ask(gemini)
    assert caught.value.code == code
    assert caught.value.message == f"{status} SOME_STATUS: {message}"


@pytest.mark.parametrize("status", [400, 429, 503])
def test_f34_our_error_carries_nothing_of_the_request(api: Replaying, gemini: Gemini, status: int) -> None:
    # Elsewhere errors carried the API key into results and logs.
    api.refuse(status, f"The key {KEY} will not do.")
    with pytest.raises((PermanentError, TransientError)) as caught:
        ask(gemini, prompt(Content("user", (Text("tropical-secret"),))))
    error = caught.value
    seen = repr(error) + repr(vars(error)) + repr(error.args)
    assert KEY not in seen
    assert "tropical-secret" not in seen
    assert error.__cause__ is None


def test_nobody_at_the_address_is_a_failure_that_may_pass() -> None:
    api = Replaying()
    api.close()
    gemini = Gemini(ModelSettings(base_url=api.url, api_key=KEY))
    with pytest.raises(TransientError) as caught:
        ask(gemini)
    gemini.close()
    assert caught.value.code == "model_unreachable"
