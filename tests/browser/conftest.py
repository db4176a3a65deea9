"""One deployment with short chapters, and a Chromium to look at it, for all tests of the console."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
import redis as redis_py
from playwright.sync_api import Browser, Page

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.browser.chromium import chromium, executable
from tests.browser.looking import Watched, watch
from tests.stack.api import Api
from tests.stack.expiry import eternal
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

# A compaction after five turns: a test can wait for it.
_SHORT = {"BACKSCROLL_TRIGGER_TURNS": "4", "BACKSCROLL_RECENT_TURNS": "2"}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    if executable() is None:
        said = "there is no Chromium: apt-get install chromium"
        if os.environ.get("REQUIRE_CHROMIUM"):
            pytest.fail(said)
        pytest.skip(said)
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def offline_model(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineModel]:
    """The model that the deployment asks. After `browser`: without one, nothing is started."""
    model = OfflineModel(tmp_path_factory.mktemp("model"))
    yield model
    model.stop()


@pytest.fixture
def model(offline_model: OfflineModel) -> Iterator[OfflineModel]:
    """The model, without what earlier tests ordered."""
    offline_model.reset()
    yield offline_model
    offline_model.reset()


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis of the deployment's own, which may go away."""
    found = embedded_redis.start(tmp_path_factory.mktemp("redis"), fsync="no")
    yield found
    found.stop()


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, history: EmbeddedRedis, offline_model: OfflineModel
) -> Iterator[Stack]:
    """The deployment."""
    found = Stack(tmp_path_factory.mktemp("stack"), history.url, history.broker_url, offline_model, **_SHORT)
    found.start()
    yield found
    found.stop()
    with redis_py.Redis.from_url(history.url) as client:
        assert eternal(client) == []


@pytest.fixture
def api(stack: Stack, model: OfflineModel) -> Api:
    """A client of the deployment."""
    return next(iter(stack.apis.values()))


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Open a page at an address, and watch what it says and asks for; with options of Playwright's."""
    pages: list[Page] = []

    def open_page(url: str, **options: object) -> Watched:
        # Without motion: every frame is drawn by the processor.
        page = browser.new_page(reduced_motion="reduce", **options)  # type: ignore[arg-type]
        pages.append(page)
        watched = watch(page)
        page.goto(url)
        return watched

    yield open_page
    for page in pages:
        page.close()
