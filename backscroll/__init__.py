"""Keeps Gemini conversations alive outside the process. `Backscroll` is the library face.

It is imported on first use: the web process takes its settings and its store from this package, and
must not pay for the model's SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backscroll.library import Backscroll as Backscroll

__all__ = ["Backscroll"]


def __getattr__(name: str) -> Any:
    if name == "Backscroll":
        from backscroll.library import Backscroll

        return Backscroll
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
