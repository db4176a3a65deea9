"""URLs, put together."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def written(scheme: str, netloc: str, path: str, options: dict[str, str]) -> str:
    """Give the URL of these parts."""
    # Not by `urlunsplit`, which drops the // where no host is named.
    query = urlencode(options, quote_via=quote)
    return f"{scheme}://{netloc}{path}{'?' if query else ''}{query}"
