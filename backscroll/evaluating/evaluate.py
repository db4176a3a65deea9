"""A whole evaluation: every file, every conversation, some of them at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from secrets import token_hex
from typing import TypeVar

import msgspec

from backscroll.answering.lease import Leases
from backscroll.answering.streaming import Streams
from backscroll.errors import HandedBack, PermanentError
from backscroll.evaluating import baselines, compacted, windowed
from backscroll.evaluating.baselines import Way
from backscroll.evaluating.compacted import Compacted
from backscroll.evaluating.conversations import Conversation
from backscroll.evaluating.playing import Stage
from backscroll.evaluating.report import Played, Report, of_file
from backscroll.evaluating.surroundings import Surroundings
from backscroll.evaluating.windowed import Turns
from backscroll.model.gemini import Gemini
from backscroll.model.port import Model
from backscroll.model.stop import Stop
from backscroll.settings import Settings
from backscroll.store.redis import Store

R = TypeVar("R")

# The window of the ways that this project is compared with.
ARTICLE: Turns = (10, 14)
# Databases that a Redis has as it comes; the first one is for what measures nothing.
_DATABASES = 15


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be measured: after so many compactions each, by these windows, up to so many turns."""

    compactions: tuple[int, ...]
    windows: tuple[Turns, ...]
    cut_turns: int
    concurrency: int

    def measurements(self, conversations: int) -> int:
        """Tell how many measurements there are in so many conversations."""
        return conversations * (len(self.compactions) + len(self.windows) + 1)


def evaluate(
    files: Mapping[str, Sequence[Conversation]],
    asked: Asked,
    around: Surroundings,
    *,
    measured: Callable[[], object],
) -> Report:
    """Measure what is asked in every conversation of every file.

    Args:
        files: the conversations, by the file's name.
        asked: what to measure.
        around: the Redis and the summary model.
        measured: called after each measurement.

    Raises:
        TransientError: when the summary model or Redis cannot be had.
        KeyboardInterrupt: after what is in work was dropped.
    """
    began = time.monotonic()
    model, stop = Gemini(around.settings.model), Stop()
    try:
        reports = [
            of_file(
                name,
                _File(conversations, asked, around, model, stop, measured).played(number),
                asked.cut_turns,
            )
            for number, (name, conversations) in enumerate(files.items())
        ]
    finally:
        model.close()
    return Report(
        model=around.model,
        redis=around.redis,
        context_tokens=around.settings.budget.context_tokens,
        seconds=round(time.monotonic() - began, 1),
        files=reports,
    )


class _File:
    """The measurements of one file."""

    def __init__(
        self,
        conversations: Sequence[Conversation],
        asked: Asked,
        around: Surroundings,
        model: Model,
        stop: Stop,
        measured: Callable[[], object],
    ) -> None:
        self._conversations = conversations
        self._asked = asked
        self._around = around
        self._model = model
        self._stop = stop
        self._measured = measured
        self._ways: list[dict[str, Way]] = [{} for _ in conversations]
        self._kept: list[dict[int, Compacted]] = [{} for _ in conversations]
        self._problems: dict[int, str] = {}

    def played(self, number: int) -> list[Played]:
        """Measure all conversations of the file with this number.

        Its windows have a database of their own, where the tokens of its turns are measured: `auto` goes by
        those, and comes last, when there are some. In the other one turns are played that measure nothing.
        """
        with self._stage(self._around.database(1 + number % _DATABASES)) as stage:
            self._measure_ways(stage)
        with self._stage(self._around.database(0)) as stage:
            for wanted in self._asked.compactions:
                for place, kept in self._each(partial(self._compacted, stage, wanted)):
                    self._kept[place][wanted] = kept
        return [
            Played(conversation=each, compacted=kept, ways=ways, problem=self._problems.get(place))
            for place, (each, kept, ways) in enumerate(
                zip(self._conversations, self._kept, self._ways, strict=True)
            )
        ]

    def _measure_ways(self, stage: Stage) -> None:
        for turns in sorted(self._asked.windows, key=lambda turns: turns == "auto"):
            for place, way in self._each(partial(self._windowed, stage, turns)):
                self._ways[place][windowed.label(turns)] = way
        for place, others in self._each(partial(self._others, stage.settings)):
            self._ways[place] |= others

    def _compacted(self, stage: Stage, wanted: int, each: Conversation) -> Compacted:
        return compacted.measure(stage, each, wanted)

    def _windowed(self, stage: Stage, turns: Turns, each: Conversation) -> Way:
        return windowed.measure(stage, each, turns)

    def _others(self, settings: Settings, each: Conversation) -> dict[str, Way]:
        window = windowed.window(settings, ARTICLE)
        return {
            "article": baselines.article(each, window, self._model, settings, self._stop),
            "window_only": baselines.window_only(each, window),
            "everything": baselines.everything(each),
        }

    def _each(self, measure: Callable[[Conversation], R]) -> Iterator[tuple[int, R]]:
        """Measure every conversation that could be measured so far; give its place and what was found."""

        def one(place: int) -> R | None:
            try:
                return measure(self._conversations[place])
            except PermanentError as error:
                self._problems.setdefault(place, f"{error.code}: {error.message}")
                return None

        with ThreadPoolExecutor(self._asked.concurrency) as pool:
            places = [place for place in range(len(self._conversations)) if place not in self._problems]
            results = [pool.submit(one, place) for place in places]
            try:
                for place, result in zip(places, results, strict=True):
                    found = result.result()
                    self._measured()
                    if found is not None:
                        yield place, found
            except BaseException:
                # One that cannot go on ends all of them; without this the pool would finish its queue first.
                self._stop.stop(HandedBack())
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    @contextmanager
    def _stage(self, settings: Settings) -> Iterator[Stage]:
        store = Store(settings.store)
        leases = Leases(store)
        try:
            tenant = f"eval-{token_hex(6)}"
            yield Stage(store, leases, Streams(store), self._model, settings, tenant, self._stop)
        finally:
            leases.close()
            store.close()
