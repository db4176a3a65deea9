"""Without keys only this machine may ask, and what cannot be used as keys stops the start."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.stack.conditions import until
from tests.stack.processes import BIN, ROOT, free_port
from tests.stack.stack import Stack

ANYWHERE = {
    "by the setting": ([], "0.0.0.0"),
    "by a flag": (["--bind", "0.0.0.0"], "127.0.0.1"),
    "with a socket for each worker": (["--reuse-port"], "0.0.0.0"),
    "over IPv6": ([], "[::]"),
}


@pytest.mark.parametrize("how", ANYWHERE)
def test_without_keys_gunicorn_listens_nowhere_but_on_this_machine(tmp_path: Path, how: str) -> None:
    flags, host = ANYWHERE[how]
    flags = [f"{flag}:{free_port()}" if "." in flag else flag for flag in flags]
    done = started(
        tmp_path, ["gunicorn", *flags, "web:create_app()"], BACKSCROLL_BIND=f"{host}:{free_port()}"
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "BACKSCROLL_API_KEYS" in said
    assert "backscroll keys new" in said
    assert "Traceback" not in said


def test_without_keys_up_listens_nowhere_but_on_this_machine(tmp_path: Path) -> None:
    options = ["--host", "0.0.0.0", "--port", str(free_port()), "--data-dir", str(tmp_path / "data")]
    done = started(tmp_path, ["backscroll", "up", *options])
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert "BACKSCROLL_API_KEYS" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["gunicorn", "web:create_app()"], ["backscroll", "up"]])
@pytest.mark.parametrize("setting", ["acme:secret", "./no-such-folder/secret"])
def test_keys_that_cannot_be_used_stop_the_start_and_are_not_shown(
    tmp_path: Path, command: list[str], setting: str
) -> None:
    done = started(tmp_path, command, BACKSCROLL_API_KEYS=setting)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "BACKSCROLL_API_KEYS" in said
    assert "secret" not in said
    assert "Traceback" not in said


def started(home: Path, command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run a server that does not start."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_keys_a_unix_socket_is_listened_on(make_stack: Callable[..., Stack], tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    process = make_stack().run("web", ["gunicorn", "web:create_app()"], BACKSCROLL_BIND=f"unix:{path}")
    transport = httpx2.HTTPTransport(uds=str(path))
    with httpx2.Client(base_url="http://web", transport=transport) as client:

        def alive() -> bool:
            assert process.running, process.output
            return path.exists() and client.get("/healthz").status_code == 200

        until("the web process is alive", alive)
        assert client.get("/v1/sessions/s1").status_code == 404
