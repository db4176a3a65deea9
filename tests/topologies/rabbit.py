"""A RabbitMQ of its own on loopback, from the package that is installed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from tests.stack.conditions import until
from tests.stack.processes import free_port

# Where Debian keeps the script that its wrapper, which wants to be another user, calls in the end.
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_EPMD = "epmd"  # Erlang's port mapper: one of its own, which has to be told to end


class Rabbit:
    """One node, its data in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.port, self._mapper = free_port(), free_port()
        self._directory = directory
        (directory / "plugins").write_text("[].")
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "RABBITMQ_NODENAME": f"backscroll-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(directory / "none"),
            # It would spin while it waits.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._mapper),
        }
        self.start()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        with (self._directory / "rabbit.log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM], env=self._env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        until("RabbitMQ answers", self._answers, seconds=60)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._directory / "rabbit.log").read_text()[-2000:]
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self.kill()
        env = {"PATH": os.environ["PATH"], "ERL_EPMD_PORT": str(self._mapper)}
        until("the port mapper ends", lambda: b"Killed" in _said([_EPMD, "-kill"], env))


def _said(command: list[str], env: dict[str, str]) -> bytes:
    return subprocess.run(command, env=env, capture_output=True, check=False).stdout
