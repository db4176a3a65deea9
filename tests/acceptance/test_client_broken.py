"""The client where something goes away: the server, its worker, an answer on its way, or only the silence."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import httpx2
import pytest

from backscroll.client import (
    Client,
    Delta,
    Event,
    Status,
    wire,
)
from backscroll.errors import TransientError
from tests.acceptance.test_streams import LONG, in_mid_stream
from tests.stack.api import Api, user_texts
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.processes import free_port
from tests.stack.stack import Stack


@pytest.fixture(scope="module")
def killed_stack(make_lasting_stack: Callable[..., Stack]) -> Stack:
    return make_lasting_stack(BACKSCROLL_HEARTBEAT="0.2")


@pytest.fixture
def stack(killed_stack: Stack, model: OfflineModel) -> Stack:
    """A deployment whose processes may be killed: the next test has those started that it needs."""
    return killed_stack


def test_a_stream_goes_on_by_itself_over_a_web_process_that_is_killed(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    web, port, api = stack.have_web()
    in_mid_stream(model, sid, seconds=0.2)
    with Client(api.url) as client:
        session = client.session(sid)
        start = threading.Thread(target=stack.web_process, args=(port,))
        events: list[Event] = []
        with session.stream(f"hello from {sid}") as stream:
            for event in stream:
                events.append(event)
                if web.running and isinstance(event, Delta):
                    web.kill()
                    start.start()
        start.join()
        assert (stream.text, stream.reply.status) == (LONG, "completed")
        assert [event.attempt for event in events if isinstance(event, Status)][-1] == 1
        assert "".join(event.text for event in events if isinstance(event, Delta)) == LONG


def test_a_stream_goes_on_over_a_worker_that_is_killed_and_begins_anew(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    (worker,), api = stack.have_workers("replies", 1), stack.have_web().api
    in_mid_stream(model, sid, seconds=1)
    with Client(api.url) as client, client.session(sid).stream(f"hello from {sid}") as stream:
        attempts = []
        for event in stream:
            if isinstance(event, Status) and event.status == "in_progress":
                attempts.append(event.attempt)
                assert stream.text == ""
            if worker.running and isinstance(event, Delta):
                worker.kill()
                stack.worker("replies")
        assert attempts == [1, 2]
        assert stream.reply.attempts == 2
        assert stream.text == stream.reply.text == api.reply(sid, stream.id)["text"]
        assert user_texts(api.transcript(sid)) == [f"hello from {sid}"]


class Losing(httpx2.HTTPTransport):
    """A way to the server on which the answer to the first POST is lost."""

    lost = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if request.method == "POST" and not self.lost:
            self.lost += 1
            response.close()
            raise httpx2.ReadError("the connection broke")
        return response


def test_a_message_whose_answer_was_lost_is_sent_again_and_said_once(api: Api, sid: str) -> None:
    way = Losing()
    with Client(api.url, transport=way) as client:
        assert client.session(sid).send("hello").status == "completed"
    assert way.lost == 1
    assert user_texts(api.transcript(sid)) == ["hello"]


def test_a_client_that_is_there_before_its_server_waits_for_it(stack: Stack, sid: str) -> None:
    port = free_port()
    stack.have_workers("replies", 1)
    with Client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(TransientError):
            client.ping()
        start = threading.Thread(target=stack.web_process, args=(port,))
        start.start()
        assert client.session(sid).send("hello").status == "completed"
        start.join()
        client.ping()


class Counting(httpx2.HTTPTransport):
    """A way to the server that counts the streams that were asked for."""

    streams = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.streams += request.url.path.endswith("/events")
        return super().handle_request(request)


def test_a_stream_that_is_silent_is_left_and_one_that_shows_its_heart_is_not(
    stack: Stack, model: OfflineModel, monkeypatch: pytest.MonkeyPatch, sid: str
) -> None:
    monkeypatch.setattr(wire, "SILENCE", 2.0)
    way = Counting()
    stack.have_workers("replies", 1)
    web, _, api = stack.have_web()
    model.fault("delay", seconds=4, match=f"first {sid}")
    in_mid_stream(model, f"second {sid}")
    with Client(api.url, transport=way) as client:
        session = client.session(sid)
        with session.stream(f"first {sid}") as stream:
            list(stream)
        assert (stream.reply.status, way.streams) == ("completed", 1)

        def go_on() -> None:
            until("the silent stream was left", lambda: way.streams == 3)
            web.signal(signal.SIGCONT)

        going_on = threading.Thread(target=go_on)
        with session.stream(f"second {sid}") as stream:
            next(event for event in stream if isinstance(event, Delta))
            web.signal(signal.SIGSTOP)
            going_on.start()
            list(stream)
        going_on.join()
        assert stream.text == LONG
