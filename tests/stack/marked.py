"""What may stand in no log: each text that a test posts, and the model's key. `Stack.stop` looks for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2

API_KEY = "marked-key-of-the-tests"
# Of each text the beginning that looks the same however it is quoted, and is too long to be chance.
_PLAIN = re.compile(r"[ !#-&(-\[\]-~]{16,60}")
_SAID = frozenset({"text", "data", "system_instruction"})

_marks = {API_KEY}


def mark(request: httpx2.Request) -> None:
    """Note what a request says."""
    if request.method not in ("POST", "PUT") or "/v1/sessions/" not in request.url.path:
        return
    try:
        body = json.loads(request.read())
    except (ValueError, RecursionError, httpx2.StreamError):
        return  # a test of what cannot be read
    for text in _said(body):
        if found := _PLAIN.search(text):
            _marks.add(found[0])


def leaked(log: str) -> list[str]:
    """Name what of it stands in a log."""
    return [each for each in _marks if each in log]


def _said(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _said(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _said(inner, name)
    elif isinstance(value, str) and name in _SAID:
        yield value
