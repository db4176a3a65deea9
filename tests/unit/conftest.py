"""How Hypothesis looks for counterexamples here: the same ones each time, in any order, on a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("unit")
