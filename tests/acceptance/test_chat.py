"""`backscroll chat`: one message from the shell, and message after message on a terminal."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_streams import LONG, in_mid_stream
from tests.acceptance.test_tools import TOOLS
from tests.stack.api import Api, user_texts
from tests.stack.command import Done, call, run
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.processes import Process, free_port
from tests.stack.stack import Stack
from tests.stack.terminal import Terminal
from tests.stack.working import in_work

PROMPT = "> "


def chat(*arguments: str | bytes, said: bytes = b"", way: Callable[..., Done] = call) -> Done:
    return way("chat", *arguments, said=said)


@pytest.fixture
def terminal(api: Api, sid: str) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(*options: str, url: str = api.url) -> Terminal:
        opened.append(Terminal(["backscroll", "chat", sid, "--base-url", url, *options]))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


# One message


def test_one_message_is_answered_on_standard_output(api: Api, sid: str) -> None:
    done = chat(sid, "hello", "--base-url", api.url, way=run)
    assert (done.code, done.stderr) == (0, "")
    said, answered = api.transcript(sid)
    assert said["text"] == "hello"
    assert done.stdout == answered["text"] + "\n"


def test_a_message_is_read_from_standard_input(api: Api, sid: str) -> None:
    done = chat(sid, "--base-url", api.url, said="Zoë\nand 😀".encode(), way=run)
    assert done.code == 0, done.stderr
    assert user_texts(api.transcript(sid)) == ["Zoë\nand 😀"]


def test_a_machine_is_given_the_reply_as_json(api: Api, sid: str) -> None:
    done = chat(sid, "hello", "--json", "--model", "gemini-of-the-chat", "--base-url", api.url)
    assert (done.code, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()
    reply = json.loads(line)
    assert (reply["status"], reply["model"]) == ("completed", "gemini-of-the-chat")
    assert api.reply(sid, reply["id"])["text"] == reply["text"] != ""


def test_an_answer_that_began_anew_is_printed_once(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("cut_stream", after_chunks=2, text=LONG, match=sid)
    done = chat(sid, f"hello from {sid}", "--base-url", api.url)
    assert done.code == 0, done.stderr
    assert done.stdout == api.transcript(sid)[1]["text"] + "\n"


def test_a_reply_that_failed_is_told_and_is_the_exit_code(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("blocked", match=sid, count=2)
    done = chat(sid, f"hello from {sid}", "--base-url", api.url)
    assert (done.code, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "(blocked)" in line
    as_json = chat(sid, f"hello from {sid}", "--json", "--base-url", api.url)
    assert as_json.code == 1
    assert json.loads(as_json.stdout)["error"]["code"] == "blocked"


def test_an_answer_that_was_cut_off_is_an_answer(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("max_tokens", text="up to h", match=sid)
    done = chat(sid, f"hello from {sid}", "--base-url", api.url)
    assert (done.code, done.stderr) == (0, "(cut off)\n")
    assert done.stdout.strip()


def test_a_call_of_a_tool_is_shown_beside_the_answer(api: Api, sid: str) -> None:
    api.http.put(f"/v1/sessions/{sid}", json={"tools": TOOLS}).raise_for_status()
    done = chat(sid, "Please call get_weather for city: Bergen", "--base-url", api.url)
    assert done.code == 0
    assert '[get_weather {"city":"Bergen"}]' in done.stderr


def test_the_system_instruction_is_set_and_the_other_settings_stay(api: Api, sid: str) -> None:
    before = {"model": "gemini-of-the-session", "generation_config": {"temperature": 0.5}, "ttl": 600}
    api.http.put(f"/v1/sessions/{sid}", json={**before, "system_instruction": "Be long."}).raise_for_status()
    assert chat(sid, "hello", "--system", "Be brief.", "--base-url", api.url).code == 0
    assert api.session(sid)["settings"] == {**before, "system_instruction": "Be brief."}
    other = f"{sid}-new"
    assert chat(other, "hello", "--system", "Be brief.", "--base-url", api.url).code == 0
    assert api.session(other)["settings"] == {"system_instruction": "Be brief."}


def test_an_interrupt_cancels_the_only_message_too(
    api: Api, model: OfflineModel, sid: str, tmp_path: Path
) -> None:
    in_mid_stream(model, sid, seconds=1)
    command = ["backscroll", "chat", sid, f"hello from {sid}", "--base-url", api.url]
    process = Process("chat", command, {}, tmp_path / "chat.log")
    try:
        in_work(api, model, sid)
        process.signal(signal.SIGINT)
        assert process.ended()
        assert process.exit_code == 130
        assert process.output == "(cancelled)\n"
        assert [each["status"] for each in api.session(sid)["replies"]] == ["cancelled"]
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("arguments", "said", "code", "words"),
    [
        (["s1", "hello"], b"", 1, "make run"),
        (["s1", "hello", "--base-url", "localhost:8080"], b"", 2, "no URL like http://127.0.0.1:8080"),
        (["a/b", "hello"], b"", 1, "session must be"),
        (["s1", " "], b"", 1, "nothing to say"),
        (["s1"], b"", 1, "nothing to say"),
        (["s1"], b"\xff", 1, "no text in UTF-8"),
        ([], b"", 2, "Missing argument 'SESSION'"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(arguments: list[str], said: bytes, code: int, words: str) -> None:
    nowhere = [] if "--base-url" in arguments else ["--base-url", f"http://127.0.0.1:{free_port()}"]
    done = chat(*arguments, *nowhere, said=said)
    assert (done.code, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_server_refuses_is_told_in_its_words(api: Api, sid: str) -> None:
    too_large = chat(sid, "--base-url", api.url, said=b"x" * 70_000)
    no_text = chat(sid, b"\xff", "--base-url", api.url, way=run)
    assert [done.code for done in (too_large, no_text)] == [1, 1]
    assert too_large.stderr.startswith("Error: ")
    assert "no text" in no_text.stderr


def test_help_teaches() -> None:
    done = chat("--help")
    assert done.code == 0
    assert 'backscroll chat trip "And on the second day?"' in done.stdout


# On a terminal


def test_a_talk_goes_on_message_by_message_until_ctrl_d(
    api: Api, model: OfflineModel, sid: str, terminal: Callable[..., Terminal]
) -> None:
    first = terminal()
    first.until_shows(f"{sid}: no messages yet")
    for number, said in enumerate((f"hello from {sid}", "and again"), 1):
        first.until_shows(PROMPT, times=number)
        first.type(f"{said}\n")
    first.until_shows(PROMPT, times=3)
    first.type("\n")
    first.until_shows(PROMPT, times=4)
    first.type("\x04")
    assert first.ended() == 0
    assert user_texts(api.transcript(sid)) == [f"hello from {sid}", "and again"]
    for message in api.transcript(sid):
        assert " ".join(message["text"].split()) in " ".join(first.shown.split())
    second = terminal()
    second.until_shows(f"{sid}: 4 messages")


def test_words_are_shown_as_they_come_and_ctrl_c_cancels_the_answer_alone(
    api: Api, model: OfflineModel, sid: str, terminal: Callable[..., Terminal]
) -> None:
    in_mid_stream(model, f"first {sid}", seconds=0.5)
    talk = terminal()
    talk.until_shows(PROMPT)
    talk.type(f"first {sid}\n")
    talk.until_shows("every word")
    assert api.session(sid)["in_work"]
    talk.type("\x03")
    talk.until_shows("(cancelled)")
    talk.until_shows(PROMPT, times=2)
    assert [each["status"] for each in api.session(sid)["replies"]] == ["cancelled"]
    talk.type("\x03")
    talk.until_shows(PROMPT, times=3)
    talk.type(f"second {sid}\n")
    talk.until_shows(PROMPT, times=4)
    assert user_texts(api.transcript(sid)) == [f"second {sid}"]


def test_an_answer_that_begins_anew_says_so(
    model: OfflineModel, sid: str, terminal: Callable[..., Terminal]
) -> None:
    model.fault("cut_stream", after_chunks=3, text="void " * 40, match=sid)
    model.fault("text", text="valid words", match=sid)
    talk = terminal()
    talk.until_shows(PROMPT)
    talk.type(f"hello from {sid}\n")
    shown = talk.until_shows("valid words")
    assert "void" in shown.split("(begun again)")[0]
    assert "void" not in shown.split("(begun again)")[1]


def test_what_was_in_work_is_picked_up_at_the_start(
    api: Api, model: OfflineModel, sid: str, terminal: Callable[..., Terminal]
) -> None:
    in_mid_stream(model, sid, seconds=0.15)
    api.submit(sid, f"hello from {sid}")
    in_work(api, model, sid)
    talk = terminal()
    shown = talk.until_shows(PROMPT)
    assert "(still in work)" in shown
    assert LONG.strip() in " ".join(shown.split())


def test_no_escape_sequence_of_a_model_reaches_the_terminal(
    model: OfflineModel, sid: str, terminal: Callable[..., Terminal]
) -> None:
    model.fault("text", text="\x1b]0;owned\x07red \x9b31m", match=sid)
    talk = terminal()
    talk.until_shows(PROMPT)
    talk.type(f"hello from {sid}\n")
    assert "\ufffd]0;owned\ufffdred \ufffd31m" in talk.until_shows("31m")


def test_thoughts_stand_apart_from_the_answer(
    model: OfflineModel, sid: str, terminal: Callable[..., Terminal]
) -> None:
    model.fault("parts", parts=[{"text": "hm", "thought": True}, {"text": "so be it"}], match=sid)
    talk = terminal()
    talk.until_shows(PROMPT)
    talk.type(f"hello from {sid}\n")
    assert "\x1b[2mhm\x1b[0m\nso be it\n> " in talk.until_shows(PROMPT, times=2)


def test_a_failure_leads_back_to_the_prompt_and_a_killed_web_process_is_not_even_seen(
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str, terminal: Callable[..., Terminal]
) -> None:
    stack, port = make_stack(), free_port()
    stack.worker("replies")
    web = stack.web_process(port)
    model.fault("blocked", match=f"first {sid}")
    in_mid_stream(model, f"second {sid}", seconds=0.1)
    talk = terminal(url=f"http://127.0.0.1:{port}")
    talk.until_shows(PROMPT)
    talk.type(f"first {sid}\n")
    talk.until_shows("(blocked)")
    talk.until_shows(PROMPT, times=2)
    talk.type(f"second {sid}\n")
    talk.until_shows("every word")
    web.kill()
    stack.web_process(port)
    shown = talk.until_shows(PROMPT, times=3)
    assert LONG.strip() in " ".join(shown.split())
    assert "begun again" not in shown


def test_a_message_that_is_refused_leads_back_to_the_prompt(terminal: Callable[..., Terminal]) -> None:
    talk = terminal("--model", "no model's name")
    talk.until_shows(PROMPT)
    talk.type("hello\n")
    talk.until_shows("Error: ")
    talk.until_shows(PROMPT, times=2)


def test_on_a_terminal_a_machine_is_given_a_line_for_each_reply(
    api: Api, sid: str, terminal: Callable[..., Terminal]
) -> None:
    talk = terminal("--json")
    talk.until_shows(PROMPT)
    talk.type("hello\n")
    talk.until_shows(PROMPT, times=2)
    until("it is answered", lambda: api.session(sid)["turns"] == 1)
    assert '"status":"completed"' in talk.shown
