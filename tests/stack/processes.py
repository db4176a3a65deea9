"""The processes of a deployment, started as an operator starts them: a command and the environment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.stack.conditions import until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


class Process:
    """One process, its output in a file."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.env = env
        self.log = log
        with log.open("ab") as out:
            # A group of its own: gunicorn's and Celery's children can be ended with it.
            self._popen = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                env={"PATH": os.environ["PATH"], "HOME": str(log.parent), **env},
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and its children."""
        if self.running:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        self._popen.wait(10)

    def terminate(self) -> None:
        """Ask it to end, as a supervisor would."""
        if self.running:
            self._popen.terminate()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._popen.send_signal(signal.SIGINT)

    def ended(self, seconds: float = 20.0) -> bool:
        """Wait for its end; False when it had to be killed."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def until_says(self, text: str, *, seconds: float = 30.0) -> str:
        """Wait for a line of its output, and return the line."""

        def line() -> str:
            if not self.running and text not in self.output:
                raise AssertionError(f"{self.name} ended with {self.exit_code}:\n{self.output[-3000:]}")
            return next((line for line in self.output.splitlines() if text in line), "")

        return until(f"{self.name} says {text!r}", line, seconds=seconds)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
