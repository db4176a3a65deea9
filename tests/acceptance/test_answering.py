"""What the model does wrong is tried again where that helps, and told in clear where it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.stack.api import Api, Json, user_texts
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

TRANSIENT = [
    ("429", {}),
    ("429", {"retry_delay": 0.2}),
    ("500", {}),
    ("503", {}),
    ("cut_stream", {"after_chunks": 1}),
    ("end_early", {"after_chunks": 1}),
    ("malformed", {}),
    ("empty", {}),
    ("empty_text", {}),
    ("error_200", {}),
]


@pytest.mark.parametrize(
    ("kind", "parameters"), TRANSIENT, ids=[f"{k} {p or ''}".strip() for k, p in TRANSIENT]
)
def test_a_passing_fault_is_tried_again_and_leaves_no_trace(
    api: Api, model: OfflineModel, sid: str, kind: str, parameters: dict[str, float]
) -> None:
    model.fault(kind, match=sid, **parameters)
    reply = api.say(sid, f"hello from {sid}")
    assert len(model.requests(containing=sid)) == 2
    assert reply["attempts"] == 1, "a retried call is not a second attempt at the turn"
    messages = api.transcript(sid)
    assert user_texts(messages) == [f"hello from {sid}"]
    assert messages[1]["text"] == reply["text"]


def test_the_pause_that_the_model_asks_for_is_kept(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("429", retry_delay=1.5, match=sid)
    reply = api.say(sid, f"hello from {sid}")
    started, ended = (datetime.fromisoformat(reply[name]) for name in ("started_at", "finished_at"))
    assert (ended - started).total_seconds() >= 1.5


PERMANENT = [
    ("400", "model_refused"),
    ("404", "model_not_found"),
    ("blocked", "blocked"),
    ("safety", "blocked"),
]


@pytest.mark.parametrize(("kind", "code"), PERMANENT)
def test_a_lasting_fault_fails_the_reply_once_and_leaves_the_history_alone(
    api: Api, model: OfflineModel, sid: str, kind: str, code: str
) -> None:
    api.say(sid, "before")
    model.fault(kind, match=sid)
    failed = api.ended(sid, api.submit(sid, f"hello from {sid}"))
    assert failed["status"] == "failed"
    assert (failed["error"]["code"], failed["error"]["retryable"]) == (code, False)
    assert failed["error"]["message"]
    assert len(model.requests(containing=sid)) == 1
    assert user_texts(api.transcript(sid)) == ["before"]
    api.say(sid, "after")
    assert user_texts(api.transcript(sid)) == ["before", "after"]


def test_an_answer_cut_off_by_its_limit_is_incomplete_and_kept(
    api: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("max_tokens", match=sid)
    reply = api.ended(sid, api.submit(sid, f"hello from {sid}"))
    assert reply["status"] == "incomplete"
    assert reply["text"]
    assert [message["text"] for message in api.transcript(sid)] == [f"hello from {sid}", reply["text"]]


def test_token_counts_come_from_the_model(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("thought_tokens", tokens=123, match=sid)
    assert api.say(sid, f"hello from {sid}")["usage"]["thought_tokens"] == 123


@pytest.fixture(scope="module")
def impatient(make_lasting_stack: Callable[..., Stack]) -> Stack:
    return make_lasting_stack(
        GEMINI_API_KEY="marked-key-7",
        BACKSCROLL_REPLY_DEADLINE="3",
        BACKSCROLL_ATTEMPT_TIMEOUT="1",
        BACKSCROLL_MODEL_BREAKER_FAILURES="1000",  # one failure after the other, each to be seen
    )


def test_a_model_that_stays_down_fails_the_reply_when_its_deadline_is_over(
    impatient: Stack, model: OfflineModel, sid: str
) -> None:
    impatient.have_workers("replies", 1)
    api = impatient.have_web().api
    model.fault("503", match=sid, count=0)
    failed = api.ended(sid, api.submit(sid, f"hello from {sid}"))
    assert (failed["status"], failed["error"]["retryable"]) == ("failed", True)
    assert failed["error"]["code"] == "model_unavailable"
    assert len(model.requests(containing=sid)) > 1
    model.reset()
    api.say(sid, f"hello again from {sid}")
    assert user_texts(api.transcript(sid)) == [f"hello again from {sid}"]


def test_a_stream_that_stalls_is_given_up_and_asked_for_again(
    impatient: Stack, model: OfflineModel, sid: str
) -> None:
    impatient.have_workers("replies", 1)
    api = impatient.have_web().api
    model.fault("stall", after_chunks=1, seconds=30, match=sid)
    api.say(sid, f"hello from {sid}")
    assert len(model.requests(containing=sid)) >= 2, "more than 2 where the machine is slow"


def test_a_long_pause_gives_the_session_back_and_spends_no_attempt(
    api: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("429", retry_delay=12, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    later = api.submit(sid, "and this comes second")

    def snoozed(state: Json) -> bool:
        return not state["in_work"] and len(model.requests(containing=sid)) == 1

    api.until_session(sid, "the session is given back", snoozed)
    waiting = api.reply(sid, rid)
    assert (waiting["status"], waiting["position"]) == ("queued", 0)
    assert api.ended(sid, rid)["attempts"] == 1
    api.ended(sid, later)
    assert user_texts(api.transcript(sid)) == [f"hello from {sid}", "and this comes second"]


def test_f34_no_key_and_no_words_reach_logs_or_errors(
    impatient: Stack, model: OfflineModel, sid: str
) -> None:
    # Elsewhere an SDK's error carried the whole request, API key included, into results and logs.
    impatient.have_workers("replies", 1)
    api = impatient.have_web().api
    kinds = ("400", "503", "malformed", "blocked", "cut_stream")
    for kind in kinds:
        model.fault(kind, match=f"{sid}-{kind}", count=0)
    rids = {kind: api.submit(f"{sid}-{kind}", f"marked-words {sid}-{kind}") for kind in kinds}
    for kind, rid in rids.items():
        failed = api.ended(f"{sid}-{kind}", rid)
        assert failed["status"] == "failed"
        assert "marked" not in str(failed["error"])
    for process in impatient.processes:
        assert "marked" not in process.output, process.name


def test_the_fallback_model_answers_when_the_first_one_is_down(
    impatient: Stack, model: OfflineModel, sid: str
) -> None:
    impatient.have_workers("replies", 1, BACKSCROLL_FALLBACK_MODEL="gemini-spare")
    api = impatient.have_web().api
    model.fault("503", model="gemini-3.5-flash", match=sid, count=0)
    assert api.say(sid, f"hello from {sid}")["model"].startswith("gemini-spare")
