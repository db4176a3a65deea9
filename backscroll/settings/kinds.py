"""The kinds of values that settings have."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

YEAR = 365 * 86_400.0
MIB = 1024 * 1024

Seconds = Annotated[float, Meta(gt=0, le=YEAR)]
Tokens = Annotated[int, Meta(ge=100)]
Bytes = Annotated[int, Meta(ge=1024)]
Count = Annotated[int, Meta(ge=1)]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that are needed together. There are keys among them: printing one by mistake shows none."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"
