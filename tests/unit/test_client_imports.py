"""What a program loads when it imports the client, seen in a fresh process."""

from __future__ import annotations

import subprocess
import sys

SERVER = {"redis", "celery", "kombu", "google", "flask", "gevent", "backscroll.store", "backscroll.model"}


def test_a_client_loads_nothing_of_a_server() -> None:
    script = "import backscroll.client, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "backscroll.client" in loaded
    assert not SERVER & loaded
