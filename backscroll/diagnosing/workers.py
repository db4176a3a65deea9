"""The broker, and who listens at it: is there a worker for each queue, of one version, with one clock."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from backscroll.diagnosing.finding import Finding
from backscroll.doorbell import COMPACTION, REPLIES, Doorbell, Worker
from backscroll.settings import Settings, variable

# What a worker's clock may differ by, in seconds, with the way of the question and its answer.
_SKEW = 3.0
_WITHOUT = {
    REPLIES: "nothing is answered",
    COMPACTION: "no history is compacted: answers stay right, and grow dearer",
}


def look(settings: Settings, version: str, seconds: float) -> list[Finding]:
    """Ask the broker and, for as many seconds as given, all workers behind it."""
    bell = Doorbell(settings.worker, probe_interval=settings.store.probe_interval)
    try:
        if not bell.heard():
            advice = (
                f"start it, or see {variable('broker_url')}; until then turns wait for the workers' sweep"
            )
            return [Finding("broker", "error", "cannot be reached", advice)]
        workers = bell.workers(seconds)
        return [Finding("broker", "ok", "reached"), *judge(workers, version, now=time.time())]
    finally:
        bell.close()


def judge(workers: Sequence[Worker], version: str, *, now: float) -> Iterator[Finding]:
    """Say what is right and wrong with the workers that answered."""
    for queue in (REPLIES, COMPACTION):
        names = sorted(worker.name for worker in workers if queue in worker.queues)
        check = f"workers of {queue}"
        if names:
            yield Finding(check, "ok", ", ".join(names))
        else:
            advice = f"start one: celery -A worker worker -Q {queue}. Without, {_WITHOUT[queue]}"
            yield Finding(check, "error", "nobody listens", advice)
    others = sorted(worker.name for worker in workers if worker.version != version)
    if others:
        versions = ", ".join(sorted({worker.version for worker in workers} | {version}))
        advice = f"bring all to one version soon ({', '.join(others)} differ from {version}, which asks)"
        yield Finding("versions", "warning", versions, advice)
    elif workers:
        yield Finding("versions", "ok", version)
    late = sorted(worker.name for worker in workers if abs(worker.time - now) > _SKEW)
    if late:
        yield Finding("workers' clocks", "warning", ", ".join(late), "set all machines by NTP")
