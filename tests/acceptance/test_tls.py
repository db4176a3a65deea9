"""TLS to Redis and broker: a whole deployment talks over it."""

from __future__ import annotations

from collections.abc import Callable

from tests.stack.sse import streaming
from tests.stack.stack import Stack
from tests.stack.tls import Certificates, TlsProxy


def test_a_deployment_talks_over_tls_from_end_to_end(
    certificates: Certificates, proxy: TlsProxy, make_stack: Callable[..., Stack], sid: str
) -> None:
    options = certificates.options()
    stack = make_stack(
        redis_url=f"rediss://localhost:{proxy.port}/6?{options}",
        broker_url=f"rediss://localhost:{proxy.port}/7?{options}",
    )
    api = stack.start("replies")
    assert api.say(sid, "said over TLS")["text"]
    with streaming(api, sid, api.submit(sid, "heard over TLS")) as events:
        assert events.until("done")
    assert proxy.served
    assert not proxy.plain
    logs = "".join(process.output for process in stack.processes)
    assert "insecure" not in logs
    assert "not verified" not in logs
