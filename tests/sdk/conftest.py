"""A server with stored answers, and the adapter that asks it. Nothing here needs more than the SDK."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backscroll.model.gemini import Gemini
from backscroll.settings import ModelSettings
from tests.sdk.server import Replaying


@pytest.fixture(scope="session")
def _api() -> Iterator[Replaying]:
    server = Replaying()
    yield server
    server.close()


@pytest.fixture
def api(_api: Replaying) -> Replaying:
    """A server that stands in for Google's, as if it had just begun."""
    _api.forget()
    return _api


@pytest.fixture(scope="session")
def gemini(_api: Replaying) -> Iterator[Gemini]:
    """The adapter; a client costs more than all that is asked of it here."""
    adapter = Gemini(ModelSettings(base_url=_api.url, api_key="AIza-the-key-of-the-tests"))
    yield adapter
    adapter.close()
