"""What schemathesis has to be told of this API; loaded by it, by name."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

# By itself it makes up headers of letters and digits only.
schemathesis.openapi.format("event-id", st.from_regex(r"[0-9]{1,18}-[0-9]{1,18}", fullmatch=True))

_A_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Have no two messages share a key: the second one is refused, and should be."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and _A_KEY.fullmatch(key):
        case.headers["Idempotency-Key"] = key + uuid4().hex
