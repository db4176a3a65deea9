"""docker-compose.yml: its form, and that each command in it does here what it is there for.

The commands and health checks are run as they stand, with the addresses of this test in their environment.
"""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from backscroll import api_keys
from backscroll.running import embedded_redis
from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.processes import BIN, ROOT, Process, free_port
from tests.stack.stack import Stack

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["web", "reply-worker", "compaction-worker"]

# What the Compose Specification knows of a service, as far as this file uses it.
KNOWN = {
    "build",
    "image",
    "restart",
    "init",
    "environment",
    "depends_on",
    "command",
    "ports",
    "healthcheck",
    "volumes",
    "stop_grace_period",
    "profiles",
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_only_what_compose_knows(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= KNOWN
    assert "image" in service
    assert service["restart"] == "unless-stopped"
    for needed, condition in service.get("depends_on", {}).items():
        assert "healthcheck" in SERVICES[needed]
        assert condition == {"condition": "service_healthy"}
    for volume in service.get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize("name", ["redis", *OURS])
def test_each_lasting_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout"} <= set(check)


def test_the_image_does_not_run_as_root() -> None:
    said = (ROOT / "Dockerfile").read_text(encoding="utf-8").split()
    assert said[said.index("USER") + 1] == "backscroll"


def test_who_listens_to_all_the_world_does_not_start_without_api_keys() -> None:
    for service in SERVICES.values():
        environment = service.get("environment", {})
        if environment.get("BACKSCROLL_BIND", "127.0.0.1").startswith("0.0.0.0"):
            assert environment["BACKSCROLL_API_KEYS"].startswith("${BACKSCROLL_API_KEYS:?")
    assert SERVICES["web"]["environment"]["BACKSCROLL_BIND"].startswith("0.0.0.0")


def test_redis_keeps_what_it_is_given(tmp_path: Path) -> None:
    _, *options = SERVICES["redis"]["command"]
    path = tmp_path / "redis.sock"
    where = ["--port", "0", "--unixsocket", str(path), "--dir", str(tmp_path), "--save", ""]
    process = subprocess.Popen(
        [embedded_redis.find_binary().path, *options, *where], stdout=subprocess.DEVNULL
    )
    try:
        until("the server answers", lambda: embedded_redis.answers(f"unix://{path}"))
        assert (tmp_path / "appendonlydir").is_dir()
    finally:
        process.terminate()
        process.wait(20)


def test_every_command_runs_and_becomes_healthy(make_stack: Callable[..., Stack], sid: str) -> None:
    made, port = api_keys.new("tests"), free_port()
    stack = make_stack(BACKSCROLL_API_KEYS=made.entry)
    started = {name: _start(stack, name, port) for name in OURS}
    for name in OURS:
        until(f"{name} is healthy", lambda name=name: _healthy(stack, name, port), seconds=40)
        assert started[name].running, started[name].output
    api = Api(f"http://127.0.0.1:{port}")
    assert api.http.get(f"/v1/sessions/{sid}").status_code == 401
    api.http.headers["Authorization"] = f"Bearer {made.key}"
    api.say(sid, "hello")
    api.close()


def _start(stack: Stack, name: str, port: int) -> Process:
    bind = SERVICES[name]["environment"].get("BACKSCROLL_BIND")
    env = {"BACKSCROLL_BIND": bind.replace("0.0.0.0:8080", f"127.0.0.1:{port}")} if bind else {}
    return stack.run(name, SERVICES[name]["command"], **env)


def _healthy(stack: Stack, name: str, port: int) -> bool:
    kind, *command = SERVICES[name]["healthcheck"]["test"]
    if kind == "CMD-SHELL":
        command = shlex.split(command[0].replace("$$HOSTNAME", socket.gethostname()))
    command = [word.replace(":8080", f":{port}") for word in command]
    env = {"PATH": f"{BIN}:/usr/bin:/bin", **stack.env}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, timeout=60, check=False)
    return done.returncode == 0
