"""The console as it is used: by keyboard, on a phone, through reloads and outages, by who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from backscroll import api_keys
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.browser.looking import Watched, expect_state
from tests.stack.api import Api
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

Look = Callable[..., Watched]

FILLER = "We went on for a while about the harbour, the ferries and the price of herring in the old town."
LONG = " ".join(f"This is sentence {number} of the answer." for number in range(1, 25))


def address(api: Api, sid: str) -> str:
    return f"{api.url}/?session={sid}"


def test_one_talks_sees_the_answer_come_and_the_history_being_compacted(
    api: Api, model: OfflineModel, look: Look
) -> None:
    seen = look(api.url)
    page = seen.page
    expect(page).to_have_url(re.compile(r"\?session=chat-[0-9a-f]{10}$"))
    model.fault("slow_stream", seconds=0.1, text=LONG, target="reply")
    turn = seen.say("Tell me something long.")
    expect_state(turn, "in_progress")
    expect(turn.locator(".model")).to_contain_text("This is sentence 3")
    expect(turn.locator(".model")).not_to_contain_text("This is sentence 24")
    expect_state(turn, "completed")
    expect(turn.locator(".model")).to_contain_text("This is sentence 24")
    expect(page.locator("#heard")).to_contain_text("Completed")

    field = page.get_by_role("textbox", name="Message")
    field.fill("one line")
    field.press("Shift+Enter")
    field.press_sequentially("and another")
    expect(field).to_have_value("one line\nand another")
    field.fill("")

    for number in range(4):
        seen.answered(f"Remark {number}: {FILLER}")
    chapter = page.locator("#chapters details")
    expect(chapter).to_have_count(1)
    expect(chapter.locator(".range")).to_have_text(re.compile(r"^1\W6$"))
    expect(page.locator(".divider")).to_contain_text("6 messages")
    expect(page.locator(".turn.covered")).to_have_count(3)
    chart = page.get_by_role("img", name=re.compile("it dropped at 1 compaction"))
    highest, now = re.findall(r"(\d+) tokens, now (\d+)", chart.get_attribute("aria-label") or "")[0]
    assert int(now) < int(highest)
    sid = page.url.rpartition("=")[2]
    assert seen.tokens() == int(now) == api.session(sid)["context_tokens"]
    assert not seen.violations()

    page.reload()
    expect(chart).to_be_visible()
    expect(page.locator(".turn")).to_have_count(5)
    expect(page.locator(".turn.covered")).to_have_count(3)
    assert seen.errors == []
    assert seen.hosts == {api.url.removeprefix("http://")}


def test_who_reloads_during_an_answer_reads_on(api: Api, model: OfflineModel, look: Look, sid: str) -> None:
    seen = look(api.url)
    seen.answered("Hello.")
    model.fault("slow_stream", seconds=0.2, text=LONG, target="reply")
    turn = seen.say("Tell me something long.")
    seen.say("And this waits.")
    expect(turn.locator(".model")).to_contain_text("This is sentence 2")
    seen.page.reload()
    expect(turn.locator(".model")).to_contain_text("This is sentence 2")
    expect_state(turn, "in_progress")
    waiting = seen.turn("And this waits.")
    expect_state(waiting, "queued")
    expect_state(waiting, "completed")
    expect(turn.locator(".model")).to_contain_text("This is sentence 24")
    expect(seen.page.locator(".turn")).to_have_count(3)
    assert seen.errors == []


def test_an_answer_goes_on_where_it_was_when_the_web_process_is_killed(
    stack: Stack, model: OfflineModel, look: Look, sid: str
) -> None:
    own = stack.web()
    process = stack.processes[-1]
    seen = look(address(own, sid))
    model.fault("slow_stream", seconds=0.2, text=LONG, target="reply")
    turn = seen.say("Tell me something long.")
    expect(turn.locator(".model")).to_contain_text("This is sentence 2")
    process.kill()
    expect(seen.page.locator("#notice")).to_contain_text("cannot be reached")
    stack.web_process(int(own.url.rpartition(":")[2]))
    expect_state(turn, "completed")
    expect(seen.page.locator("#notice")).to_be_hidden()
    assert turn.locator(".model .said").inner_text() == LONG


def test_all_of_it_works_from_the_keyboard(api: Api, model: OfflineModel, look: Look, sid: str) -> None:
    seen = look(address(api, sid))
    page = seen.page
    field = page.get_by_role("textbox", name="Message")
    expect(field).to_be_focused()
    model.fault("delay", seconds=30, target="reply")
    turn = seen.say("Never mind.")
    expect_state(turn, "in_progress")
    page.keyboard.press("Escape")
    expect_state(turn, "cancelled")
    expect(turn.get_by_role("button", name="Send again")).to_be_visible()

    page.keyboard.press("Alt+K")
    expect(page.get_by_role("dialog")).to_contain_text("Cancel the answer")
    assert not seen.violations()
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+O")
    expect(page.get_by_role("tab", name="Operators")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Conversation")).to_be_focused()
    page.keyboard.press("Alt+M")
    expect(field).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where the focus is can be seen"


@pytest.mark.parametrize(("scheme", "width", "height"), [("dark", 360, 740), ("light", 640, 360)])
def test_it_fits_a_phone_and_a_large_zoom_and_axe_finds_nothing(
    api: Api, look: Look, sid: str, scheme: str, width: int, height: int
) -> None:
    for number in range(5):
        api.say(sid, f"Remark {number}: {FILLER} See https://example.org/{'a-long-path/' * 12}")
    api.until_session(sid, "a chapter is there", lambda state: state["chapters"])
    seen = look(address(api, sid), viewport={"width": width, "height": height}, color_scheme=scheme)
    page = seen.page
    expect(page.locator(".turn")).to_have_count(5)
    assert not seen.violations()
    assert not seen.wider_than_its_window()
    page.get_by_role("button", name="Context").click()
    page.locator("#chapters summary").click()
    expect(seen.budget).to_be_visible()
    assert not seen.violations()
    assert not seen.wider_than_its_window()
    page.get_by_role("tab", name="Operators").click()
    expect(page.get_by_role("rowheader", name="replies-")).to_be_visible()
    expect(page.get_by_role("rowheader", name="compaction-")).to_be_visible()
    expect(page.get_by_role("heading", name="All is up")).to_be_visible()
    assert not seen.violations()
    assert not seen.wider_than_its_window()
    assert seen.errors == []


def test_operators_see_what_is_down(stack: Stack, look: Look, sid: str, tmp_path: Path) -> None:
    seen = look(stack.web(BROKER_URL=f"redis+socket://{tmp_path}/nobody.sock?virtual_host=1").url)
    seen.page.get_by_role("tab", name="Operators").click()
    expect(seen.page.get_by_role("heading", name="Degraded")).to_be_visible()
    expect(seen.page.get_by_text("The broker is down")).to_be_visible()
    assert not seen.violations()


def test_an_answer_without_its_history_says_so_and_is_there_once_when_the_history_is_back(
    api: Api, history: EmbeddedRedis, look: Look, sid: str
) -> None:
    seen = look(address(api, sid))
    seen.answered("Hello.")
    history.kill()
    turn = seen.answered("Are you there?")
    expect(turn.locator(".state")).to_contain_text("without its history")
    expect(seen.page.locator("#notice")).to_contain_text("The history store is down")
    history.restart()
    expect(seen.page.locator("#notice")).to_be_hidden()
    expect(turn).to_have_attribute("data-seq", "3")
    expect(seen.page.locator(".turn")).to_have_count(2)


def test_what_anybody_says_is_text_and_never_markup(
    api: Api, model: OfflineModel, look: Look, sid: str
) -> None:
    wicked = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
    model.fault("text", text=f"**Bold** and `code`\n\n- {wicked}", target="reply")
    seen = look(address(api, sid))
    turn = seen.answered(wicked)
    expect(turn.locator(".model strong")).to_have_text("Bold")
    expect(turn.locator(".model code")).to_have_text("code")
    expect(turn.locator(".model li")).to_have_text(wicked)
    assert turn.locator("img, script").count() == 0
    # And if it became markup one day, it could do nothing.
    seen.page.evaluate("said => { document.querySelector('.said').innerHTML = said }", wicked)
    assert seen.page.evaluate("window.hit") is None


def test_a_key_is_asked_for_where_the_server_wants_one(stack: Stack, look: Look, sid: str) -> None:
    key = api_keys.new("acme")
    guarded = stack.web(BACKSCROLL_API_KEYS=key.entry)
    seen = look(address(guarded, sid))
    dialog = seen.page.get_by_role("dialog", name="This deployment wants a key")
    field, go_on = dialog.get_by_label("API key"), dialog.get_by_role("button", name="Go on")
    field.fill("bsk_wrong")
    go_on.click()
    expect(field).to_have_value("")
    field.fill(key.key)
    assert not seen.violations()
    go_on.click()
    seen.answered("Hello.")
    seen.page.reload()
    expect_state(seen.turn("Hello."), "completed")
    expect(dialog).to_be_hidden()


def test_instruction_restore_and_erasure_are_at_hand(
    api: Api, model: OfflineModel, look: Look, sid: str
) -> None:
    for number in range(5):
        api.say(sid, f"Remark {number}: {FILLER}")
    api.until_session(sid, "a chapter is there", lambda state: state["chapters"])
    fresh = look(api.url)
    fresh.page.get_by_role("button", name="Instruction").click()
    fresh.page.get_by_role("dialog").get_by_role("textbox").fill("Always say Ahoy.")
    fresh.page.get_by_role("button", name="Save").click()
    expect(fresh.page.locator("#notice")).to_contain_text("from the next turn on")
    assert not fresh.violations()
    expect(fresh.answered("Hello.").locator(".model")).to_contain_text("Ahoy")
    assert fresh.errors == []

    seen = look(address(api, sid))
    page = seen.page
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#notice")).to_contain_text("messages brought back")
    expect(page.locator("#chapters details")).to_have_count(0)
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("dialog").get_by_role("button", name="Erase").click()
    expect(page.get_by_role("heading", name="Say something.")).to_be_visible()
    assert api.http.get(f"/v1/sessions/{sid}").status_code == 404
