"""The supervisor: starts programs, waits until they are ready, starts again what ends, stops them in order.

Single-threaded: it looks at its programs a few times a second, and a signal only sets a flag.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess  # nosec B404 # to start processes is what this is for
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from backscroll.errors import PermanentError, TransientError
from backscroll.running.programs import Program

_LOOK = 0.05
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0
# A program that ran this long and then ended is started again at once.
_SETTLED = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass
class _Running:
    program: Program
    log: Path
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    pause: float = _FIRST_PAUSE
    again_at: float | None = None


class Supervisor:
    """The programs of one deployment, and their logs in `logs`.

    Args:
        logs: a folder, made if it is missing; each program has a file of its own there.
        say: called with a line for whoever watches.
    """

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._running: list[_Running] = []
        self._told_to_stop = 0
        logs.mkdir(parents=True, exist_ok=True)

    def log_of(self, program: Program) -> Path:
        """Give the file that holds what `program` says in this run."""
        return self._logs / f"{program.name}.log"

    def obey_signals(self) -> None:
        """From here on Ctrl-C and SIGTERM stop everything in order; a second one does not wait."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def start(self, *programs: Program, seconds: float = 60.0) -> None:
        """Start programs and return when all of them are ready.

        Raises:
            KeyboardInterrupt: when the supervisor is told to stop meanwhile.
            PermanentError: when one of them ends instead; with its last words.
            TransientError: when one of them takes longer than `seconds`.
        """
        waiting = [self._launch(program) for program in programs]
        self._running += waiting
        deadline = time.monotonic() + seconds
        while waiting:
            if self._told_to_stop:
                raise KeyboardInterrupt
            for each in waiting:
                if each.process.poll() is not None:
                    raise PermanentError("not_started", f"{each.program.name} did not start: {_last(each)}")
            waiting = [each for each in waiting if not each.program.ready(each.log)]
            if waiting and time.monotonic() > deadline:
                late = waiting[0]
                raise TransientError(
                    "not_started", f"{late.program.name} was not ready within {seconds:g} s; see {late.log}"
                )
            time.sleep(_LOOK)

    def pids(self) -> dict[str, int]:
        """Give the process id of each program."""
        return {each.program.name: each.process.pid for each in self._running}

    def watch(self) -> None:
        """Keep the programs running until the supervisor is told to stop."""
        while not self._told_to_stop:
            for each in self._running:
                self._look(each)
            time.sleep(_LOOK)

    def stop(self) -> None:
        """Stop what runs: the one started first, on which the others stand, goes last and alone."""
        if len(self._running) > 1:
            self._end(self._running[1:])
        self._end(self._running[:1])
        self._running = []

    def _end(self, group: list[_Running]) -> None:
        alive = [each for each in group if each.process.poll() is None]
        for each in alive:
            each.process.terminate()
        told = time.monotonic()
        hurried = self._told_to_stop
        for each in alive:
            while each.process.poll() is None:
                if time.monotonic() > told + each.program.grace or self._told_to_stop > max(hurried, 1):
                    each.process.kill()
                    each.process.wait()
                time.sleep(_LOOK)

    def _launch(self, program: Program) -> _Running:
        path = self.log_of(program)
        if path.exists():
            # What is ready is read from the log: only this run's lines may stand in it.
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            process = subprocess.Popen(  # nosec B603 # no shell, and the command is ours
                program.command,
                env={**program.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which keeps the order
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        return _Running(program, path, process)

    def _look(self, each: _Running) -> None:
        code = each.process.poll()
        if code is None:
            return
        now = time.monotonic()
        if each.again_at is None:
            each.pause = _FIRST_PAUSE if now - each.started > _SETTLED else each.pause
            each.again_at = now + each.pause
            each.pause = min(each.pause * 2, _LONGEST_PAUSE)
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            self._say(f"{each.program.name} {how}: {_last(each)}; starting it again")
        elif now >= each.again_at:
            again = self._launch(each.program)
            each.process, each.started, each.again_at = again.process, now, None

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_stop += 1


def _last(each: _Running) -> str:
    """Give the last line that a program wrote: what it died of, as a rule."""
    lines = each.log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def _end_with_parent() -> None:
    # A supervisor that is killed leaves nothing behind: an orphaned Redis would hold the data folder.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
