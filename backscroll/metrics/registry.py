"""Where all that is counted is registered, and the buckets that durations fall into."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, disable_created_metrics

# A time of birth for each series would double their number, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

# A registry of our own: what a library registers by itself is not our interface.
REGISTRY = CollectorRegistry()

# Seconds. What takes a moment: accepting a message.
MOMENTS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# What takes as long as people wait for it: a wait for a worker, a call of a model, an answer.
WAITS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
# What goes on in the background: a compaction.
BACKGROUND = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 600.0, 3600.0)
