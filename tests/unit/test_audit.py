"""What is known of a dependency fails the audit; what cannot be learned is said, and does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner, Result

from tests import audit

WEAK = {"id": "GHSA-0000", "summary": "weak", "affected": [], "modified": "2026-01-01T00:00:00Z"}


@contextmanager
def advisories() -> Iterator[str]:
    """Serve what an advisory service would: one weakness, of the package `weak`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            weak = asked["package"]["name"] == "weak"
            body = json.dumps({"vulns": [WEAK]} if weak else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def audited(monkeypatch: pytest.MonkeyPatch, url: str, *packages: str) -> Result:
    monkeypatch.setattr(audit, "pinned", lambda: list(packages))
    return CliRunner().invoke(audit.main, ["--osv-url", url, "--patience", "30"])


def test_a_known_weakness_fails_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    with advisories() as url:
        said = audited(monkeypatch, url, "sound==1.0", "weak==1.0")
    assert said.exit_code == 1
    assert "weak 1.0: GHSA-0000" in said.output
    assert "2 packages audited, 1 with known weaknesses" in said.output


def test_without_a_network_the_audit_says_so_and_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    said = audited(monkeypatch, "http://127.0.0.1:1", "sound==1.0")
    assert said.exit_code == 0
    assert "could not be fetched for 1 of 1 packages" in said.output


def test_everything_that_is_pinned_is_asked_about() -> None:
    packages = audit.pinned()
    assert any(each.startswith("flask==") for each in packages)
    assert any(each.startswith("pytest==") for each in packages)
    assert len(packages) > 100
