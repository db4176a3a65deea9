"""Make the pictures of the console for the README, from a real conversation with compactions.

python -m tests.browser.screenshots [folder]
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from backscroll.running import embedded_redis
from tests.browser.chromium import chromium
from tests.browser.conversation import SUMMARIES, TURNS
from tests.stack.api import Api
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

# Small, so that a conversation that one can read shows what a long one does.
BUDGET = {
    "BACKSCROLL_CONTEXT_TOKENS": "800",
    "BACKSCROLL_CEILING_TOKENS": "4000",
    "BACKSCROLL_RECENT_TOKENS": "1200",
    "BACKSCROLL_LEDGER_TOKENS": "150",
    "BACKSCROLL_MESSAGE_BYTES": "8000",
    "BACKSCROLL_TRIGGER_TURNS": "8",
    "BACKSCROLL_RECENT_TURNS": "4",
}
SESSION = "finse-aurland"
DESKTOP, PHONE = {"width": 1360, "height": 860}, {"width": 390, "height": 780}


def main(folder: Path) -> None:
    """Have the conversation, and take the pictures of it."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        redis, model = embedded_redis.start(directory, fsync="no"), OfflineModel(directory)
        stack = Stack(directory, redis.url, redis.broker_url, model, **BUDGET)
        try:
            api = stack.start()
            talk(api, model)
            with chromium() as browser:
                take(browser, api.url, folder)
        finally:
            stack.stop()
            model.stop()
            redis.stop()


def talk(api: Api, model: OfflineModel) -> None:
    """Have the conversation: both models say what is written, and all else is the service's own doing."""
    for summary in SUMMARIES:
        model.fault("text", text=json.dumps(summary, ensure_ascii=False), target="summary")
    for said, answered in TURNS:
        model.fault("text", text=answered, target="reply")
        api.say(SESSION, said)
        api.until_session(
            SESSION, "it is compacted where it has to be", lambda state: state["compaction"] == "none"
        )


def take(browser: Browser, url: str, folder: Path) -> None:
    """Take a picture of each view."""
    for name, scheme, size, view in (
        ("console-light", "light", DESKTOP, "conversation"),
        ("console-dark", "dark", DESKTOP, "conversation"),
        ("console-phone", "light", PHONE, "conversation"),
        ("console-operators", "dark", DESKTOP, "operators"),
    ):
        page = browser.new_page(
            viewport=size,  # type: ignore[arg-type]
            device_scale_factor=1 if size is DESKTOP else 1.5,
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        page.goto(f"{url}/?session={SESSION}")
        page.locator(".turn", has_text=TURNS[-1][0]).wait_for()
        if view == "operators":
            page.get_by_role("tab", name="Operators").click()
            page.get_by_role("rowheader", name="replies-").wait_for()
        elif size is DESKTOP:
            page.locator("#chapters summary").last.click()
            page.locator(".divider").evaluate("line => line.scrollIntoView({block: 'center'})")
        save(page, folder / f"{name}.png")
        page.close()


def save(page: Page, path: Path) -> None:
    """Save what the page shows, with as few colours as it needs where pngquant is installed."""
    page.screenshot(path=path)
    if quantise := shutil.which("pngquant"):
        subprocess.run([quantise, "--force", "--skip-if-larger", "--output", path, "256", path], check=False)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
