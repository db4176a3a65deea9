"""The model's states, of which there are a hundred thousand, are all kept."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """Leave out the garbage collector: nothing becomes free, and to find that out costs a fifth."""
    gc.disable()
    yield
    gc.enable()
