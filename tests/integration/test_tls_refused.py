"""With wrong certificates nothing is said: not to the history store, not to the broker, and never plainly."""

from __future__ import annotations

import logging
import re
import socket
import threading

import pytest
from kombu.exceptions import OperationalError

from backscroll.doorbell import Doorbell, celery_app
from backscroll.errors import StoreUnavailable
from backscroll.session import Session
from backscroll.settings import Settings, load
from backscroll.store.listener import Listener
from backscroll.store.redis import Store
from tests.stack.conditions import until
from tests.stack.tls import Certificates, TlsProxy

# How a URL goes wrong, and what of it has to be told.
WRONG = {
    "an authority that did not issue the server's certificate": (
        "localhost",
        {"ca": "stranger"},
        "self-signed certificate in certificate chain",
    ),
    "a host that the certificate is not for": ("127.0.0.1", {}, "IP address mismatch"),
    "no certificate of the client's": (
        "localhost",
        {"client": False},
        # The server says so behind its handshake, and hangs up: who writes may miss it.
        "TLSV13_ALERT_CERTIFICATE_REQUIRED|SSLEOFError|ConnectionError|OperationalError",
    ),
}


def nothing_was_said(proxy: TlsProxy) -> None:
    """What was sent went into handshakes that failed."""
    until("the proxy has refused", lambda: proxy.refused)
    assert not proxy.served + proxy.plain


@pytest.fixture(params=WRONG, ids=str)
def wrong(
    request: pytest.FixtureRequest, certificates: Certificates, proxy: TlsProxy
) -> tuple[Settings, str]:
    """Settings by which nothing may be said, and why."""
    host, options, reason = WRONG[request.param]
    url = f"rediss://:secret@{host}:{proxy.port}/6?{certificates.options(**options)}"
    return load({"REDIS_URL": url}), reason


def test_the_right_certificates_are_served(certificates: Certificates, proxy: TlsProxy) -> None:
    settings = load({"REDIS_URL": f"rediss://localhost:{proxy.port}/6?{certificates.options()}"})
    store = Store(settings.store)
    store.ping()
    store.close()
    with celery_app(settings.worker, publishes_only=True) as app:
        bell = Doorbell(settings.worker, probe_interval=1)
        assert bell.ring(Session("tests", "s"))
        bell.close()
        assert app.connection_for_write().default_channel.client.delete("replies")
    assert proxy.served
    assert not proxy.plain + proxy.refused


def test_the_history_store_is_unavailable_and_says_why(wrong: tuple[Settings, str], proxy: TlsProxy) -> None:
    settings, reason = wrong
    store = Store(settings.store)
    with pytest.raises(StoreUnavailable) as caught:
        store.ping()
    store.close()
    assert re.search(reason, str(caught.value))
    nothing_was_said(proxy)


def test_the_bell_is_not_rung_and_says_why(
    wrong: tuple[Settings, str], proxy: TlsProxy, caplog: pytest.LogCaptureFixture
) -> None:
    settings, reason = wrong
    bell = Doorbell(settings.worker, probe_interval=60)
    assert not bell.ring(Session("tests", "s"))
    assert not bell.heard()
    bell.close()
    assert re.search(f"broker is down, and calls to it fail at once: ({reason})", caplog.text)
    assert "secret" not in caplog.text
    nothing_was_said(proxy)


def test_a_worker_takes_nothing_from_the_broker(wrong: tuple[Settings, str], proxy: TlsProxy) -> None:
    with (
        celery_app(wrong[0].worker, publishes_only=False) as app,
        app.connection_for_read() as connection,
        pytest.raises(OperationalError),
    ):
        connection.ensure_connection(max_retries=1, interval_start=0)
    nothing_was_said(proxy)


def test_who_listens_hears_nothing_and_says_why(
    wrong: tuple[Settings, str], proxy: TlsProxy, caplog: pytest.LogCaptureFixture
) -> None:
    settings, reason = wrong
    store = Store(settings.store)
    stood: list[str] = []
    listener = Listener(store, heard=lambda *_: None, missed=stood.append)
    with caplog.at_level(logging.WARNING):
        listener.listen("bs:ended")
        until("the listener has said why", lambda: re.search(f"not listening: ({reason})", caplog.text))
    listener.close()
    store.close()
    assert not stood
    nothing_was_said(proxy)


def test_a_server_without_tls_hears_nothing_but_a_greeting(certificates: Certificates) -> None:
    heard: list[bytes] = []

    def listen(server: socket.socket) -> None:
        client, _ = server.accept()
        with client:
            heard.append(client.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, args=(server,), daemon=True).start()
        url = f"rediss://:secret@localhost:{server.getsockname()[1]}/6?{certificates.options()}"
        store = Store(load({"REDIS_URL": url}).store)
        with pytest.raises(StoreUnavailable):
            store.ping()
        store.close()
    assert heard[0].startswith(b"\x16\x03")  # a TLS handshake
    assert b"secret" not in heard[0]
