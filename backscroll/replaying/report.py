"""The numbers of a run. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from backscroll.messages import tokens
from backscroll.messages.part import from_stored
from backscroll.replaying.checking import Findings
from backscroll.replaying.held import Held
from backscroll.replaying.told import Told


class Played(msgspec.Struct, frozen=True):
    """A session that was played: what the client was told, what the server holds, what is wrong."""

    session: str
    told: tuple[Told, ...]
    held: Held
    findings: Findings


class Times(msgspec.Struct, frozen=True):
    """Percentiles in milliseconds; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A run in numbers.

    `seconds` is from the first post to the last reply, `reply_ms` from a post to its kept reply,
    `accept_ms` from a post to its acceptance. `context_tokens` are those of all sessions in the end, as
    the model counted them; `transcript_tokens` those of all messages, estimated. `failures` counts replies
    that failed and messages that were refused, by code; `unended` replies that did not end. From `missing`
    to `roles` it is as in `Findings`, and `broken` says of each session that is not as its client was told
    what is wrong with it.
    """

    run: str
    sessions: int
    turns: int
    seconds: float
    turns_per_second: float
    reply_ms: Times
    accept_ms: Times
    compactions: int
    chapters: int
    context_tokens: int
    transcript_tokens: int
    largest_prompt_tokens: int | None
    failures: dict[str, int]
    unended: int
    missing: int
    doubled: int
    reordered: int
    unexpected: int
    gaps: int
    roles: int
    broken: dict[str, str]


def summarise(run: str, played: Sequence[Played], seconds: float) -> Report:
    """Count what happened in a run that took `seconds`."""
    told = [each for session in played for each in session.told]
    wrong = _sum(each.findings for each in played)
    failed = [each.code or each.end for each in told if each.end in ("failed", "refused")]
    return Report(
        run=run,
        sessions=len(played),
        turns=len(told),
        seconds=round(seconds, 3),
        turns_per_second=round(len(told) / seconds, 1) if seconds else 0.0,
        reply_ms=times(each.reply_ms for each in told if each.end == "kept"),
        accept_ms=times(each.accept_ms for each in told),
        compactions=sum(each.held.compactions for each in played),
        chapters=sum(each.held.chapters for each in played),
        context_tokens=sum(each.held.context_tokens for each in played),
        transcript_tokens=sum(_size(each.held) for each in played),
        largest_prompt_tokens=max((each.prompt_tokens for each in told if each.prompt_tokens), default=None),
        failures=dict(Counter(failed).most_common()),
        unended=sum(each.end == "unended" for each in told),
        missing=wrong.missing,
        doubled=wrong.doubled,
        reordered=wrong.reordered,
        unexpected=wrong.unexpected,
        gaps=wrong.gaps,
        roles=wrong.roles,
        broken={each.session: what for each in played if (what := _wrong(each))},
    )


def times(measured: Iterable[float | None]) -> Times:
    """Give the percentiles of what was measured, in milliseconds: of each, the value that was met."""
    ordered = sorted(ms for ms in measured if ms is not None)

    def percentile(share: float) -> float | None:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 1) if ordered else None

    return Times(percentile(0.50), percentile(0.95), percentile(0.99))


def _size(held: Held) -> int:
    return sum(tokens.of_parts(map(from_stored, message.parts)) for message in held.transcript)


def _sum(findings: Iterable[Findings]) -> Findings:
    total: Counter[str] = Counter()
    for each in findings:
        total.update(msgspec.structs.asdict(each))
    return Findings(**total)


def _wrong(played: Played) -> str:
    counts = msgspec.structs.asdict(played.findings)
    said = [f"{count} {name}" for name, count in counts.items() if count]
    said += [f"a reply did not end ({each.code})" for each in played.told if each.end == "unended"]
    return ", ".join(said)
