"""One line of the benchmark: what was measured, against what, and whether that is enough."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, Literal

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A measure. `value` is held against `goal`: at most, or at least, so much."""

    number: int
    measure: str
    ours: str
    against: str
    value: float
    bound: Literal["<=", ">="]
    goal: float
    unit: str
    details: dict[str, Any] = {}

    @property
    def reached(self) -> bool:
        """Tell whether the goal is reached."""
        return {"<=": operator.le, ">=": operator.ge}[self.bound](self.value, self.goal)


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value that `share` of all do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def median(values: Sequence[float]) -> float:
    """Give the value in the middle."""
    return percentile(values, 0.5)


def ms(seconds: float) -> str:
    """Show a time."""
    return f"{seconds * 1000:.1f} ms"
