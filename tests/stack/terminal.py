"""A terminal with a command in it: what is typed goes in, what is shown can be waited for."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import termios
from collections.abc import Sequence

from tests.stack.conditions import until
from tests.stack.processes import BIN, ROOT


class Terminal:
    """A pseudo-terminal whose foreground is one command."""

    def __init__(self, command: Sequence[str]) -> None:
        self._master, slave = pty.openpty()
        os.set_blocking(self._master, False)
        self._shown = b""
        self._popen = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            env={"PATH": f"{BIN}:/usr/bin:/bin", "TERM": "dumb"},
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    @property
    def shown(self) -> str:
        """All that was shown so far, without the terminal's carriage returns."""
        while True:
            try:
                data = os.read(self._master, 65536)
            except (BlockingIOError, OSError):  # nothing more yet, or ever
                break
            if not data:
                break
            self._shown += data
        return self._shown.decode(errors="replace").replace("\r", "")

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll()

    def type(self, keys: str) -> None:
        """Press keys; Ctrl-C is "\\x03", Ctrl-D is "\\x04"."""
        os.write(self._master, keys.encode())

    def until_shows(self, words: str, *, times: int = 1, seconds: float = 20.0) -> str:
        """Wait until the words are shown, so many times, and return all that is shown."""

        def found() -> str:
            shown = self.shown
            return shown if shown.count(words) >= times else ""

        try:
            return until(f"the terminal shows {words!r}", found, seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.shown}") from None

    def ended(self) -> int:
        """Wait for the command's end and give its exit code."""
        until("the command has ended", lambda: self.exit_code is not None)
        return self._popen.wait()

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait()
        os.close(self._master)
