"""What parts cost before a model has counted them: media by their kind, and never by their base64."""

from __future__ import annotations

from typing import Any

import pytest

from backscroll.messages import tokens
from backscroll.messages.media import detach, inline
from backscroll.messages.part import Other, Part, Text


@pytest.mark.parametrize(
    ("mime", "size", "expected"),
    [
        ("image/png", 50_000, 1_100),
        ("image/jpeg", 5_000_000, 1_100),
        ("application/pdf", 1, 560),
        ("application/pdf", 1_000_000, 5_600),
        ("audio/mpeg", 1_600_000, 3_200),
        ("audio/wav", 1, 32),
        ("video/mp4", 2_500_000, 3_000),
        ("text/csv", 40_000, 10_000),
        ("text/plain", 4, 258),
        ("application/zip", 1_000_000, 258),
    ],
)
def test_f14_media_count_by_their_kind_here_and_elsewhere(mime: str, size: int, expected: int) -> None:
    # Elsewhere an image counted by its base64, and a compaction made a request of two million tokens.
    part = inline(mime, b"x" * size)
    shown, _ = detach((part,))
    assert tokens.of_parts((part,)) == tokens.of_parts(shown) == expected


def test_media_within_a_functions_response_count_too() -> None:
    response: dict[str, Any] = {"name": "shoot", "response": {"ok": True}}
    plain = Other({"type": "function_response", "functionResponse": response})
    held = [{"inlineData": inline("image/png", b"x" * 90_000).raw["inlineData"]}]
    with_media = Other({"type": "function_response", "functionResponse": {**response, "parts": held}})
    assert 1_100 <= tokens.of_parts((with_media,)) - tokens.of_parts((plain,)) < 1_110


def test_media_that_lie_with_the_provider_count_by_their_kind() -> None:
    def part(mime: str) -> Part:
        return Other({"type": "file_data", "fileData": {"mimeType": mime, "fileUri": "gs://bucket/x"}})

    assert tokens.of_parts((part("image/png"),)) > 1_100
    assert 258 < tokens.of_parts((part("video/mp4"),)) < 300


def test_texts_and_what_is_neither_count_by_their_bytes() -> None:
    call = Other({"type": "function_call", "functionCall": {"name": "f", "args": {}}})
    assert tokens.of_parts((Text("x" * 40), call)) == 10 + 16


def test_what_is_seen_and_heard_counts_apart_from_what_is_read() -> None:
    elsewhere = {"mimeType": "image/png", "fileUri": "gs://bucket/x"}
    parts = (
        Text("x" * 4_000),
        inline("image/png", b"x"),
        inline("text/csv", b"x" * 40_000),
        Other({"type": "file_data", "fileData": elsewhere}),
        Other({"type": "file_data", "file_data": elsewhere}),
    )
    assert tokens.of_media_in(parts) == 3_300
    assert 0 <= tokens.of_parts(parts) - (1_000 + 10_000 + 3_300) < 60
