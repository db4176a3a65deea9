"""Media on their way into a prompt: byte for byte, as many as a request takes; the rest is named."""

from __future__ import annotations

from backscroll.answering.media import with_media
from backscroll.messages.media import Media, apart, inline
from backscroll.messages.part import Other, Part, Text
from backscroll.model.port import Content, Prompt
from backscroll.session import Session
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, submit


def picture(name: str, size: int) -> Media:
    return Media("image/png", name.encode() * size)


def keep(store: Store, session: Session, *found: Media) -> list[Part]:
    """Keep media in a session, and give the parts that refer to them."""
    shown = [apart(each) for each in found]
    kept = dict(zip([digest for digest, _ in shown], found, strict=True))
    submit(store, session, Submission(parts=(Text("said"),), media=kept))
    return [part for _, part in shown]


def prompt(*contents: Part | tuple[Part, ...]) -> Prompt:
    said = (each if isinstance(each, tuple) else (each,) for each in contents)
    return Prompt(model="m", contents=tuple(Content("user", parts) for parts in said))


def sent(store: Store, session: Session, asked: Prompt, most: int) -> list[Part]:
    found = with_media(store, session, asked, most)
    assert len(found.contents) == len(asked.contents)
    return [part for content in found.contents for part in content.parts]


def of(found: Media) -> Part:
    return inline(found.mime, found.data)


def test_media_come_back_byte_for_byte_where_they_stood(store: Store, session: Session) -> None:
    cat, dog = picture("c", 9), picture("d", 5)
    parts = keep(store, session, cat, dog)
    asked = prompt((Text("a"), parts[0], Text("b")), Text("yes"), (parts[1], parts[0]))
    assert sent(store, session, asked, 1000) == [
        *(Text("a"), of(cat), Text("b")),
        Text("yes"),
        *(of(dog), of(cat)),
    ]


def test_redis_is_not_asked_where_there_is_nothing_to_fetch(store: Store, session: Session) -> None:
    asked = prompt(Text("a"), Other({"functionCall": {"name": "f"}}))
    calls = store.client.info("stats")["total_commands_processed"]
    assert with_media(store, session, asked, 1000) is asked
    assert store.client.info("stats")["total_commands_processed"] == calls + 1, "the look itself"


def test_what_is_gone_is_named(store: Store, session: Session) -> None:
    keep(store, session)
    gone = apart(picture("c", 119_001))[1]
    assert sent(store, session, prompt((Text("a"), gone)), 10**6) == [
        Text("a"),
        Text("(image/png, 120 kB, not sent again)"),
    ]


def shown(store: Store, session: Session, sizes: list[int], most: int, newest: int = 1) -> str:
    """Tell of pictures of these sizes which are sent (1); the last `newest` stand in the same message."""
    parts = keep(store, session, *(picture(chr(65 + number), size) for number, size in enumerate(sizes)))
    split = len(parts) - newest
    found = sent(store, session, prompt(*parts[:split], tuple(parts[split:])), most)
    return "".join("0" if isinstance(part, Text) else "1" for part in found)


def test_the_newest_are_sent_and_never_more_than_a_request_takes(store: Store, session: Session) -> None:
    assert shown(store, session, [100, 100, 100, 100], most=400) == "1111"
    assert shown(store, session, [100, 100, 100, 100, 1], most=400) == "01111"
    assert shown(store, session, [350, 60], most=400) == "01"
    assert shown(store, session, [10, 380, 30], most=400) == "001"


def test_f19_one_more_picture_does_not_change_what_was_left_out_before(
    store: Store, session: Session
) -> None:
    # Elsewhere the beginning of each prompt was another one, and nothing of it was billed as seen before.
    counts = [shown(store, session, [20] * number, most=400).count("0") for number in range(18, 34)]
    assert counts == [0] * 3 + [5] * 5 + [10] * 5 + [15] * 3


def test_what_was_just_said_is_sent_even_where_a_step_would_leave_it_out(
    store: Store, session: Session
) -> None:
    assert shown(store, session, [10, 380, 15], most=400, newest=2) == "011"


def test_merged_messages_with_more_than_a_request_takes_lose_the_oldest(
    store: Store, session: Session
) -> None:
    assert shown(store, session, [50, 300, 300], most=400, newest=2) == "001"


def test_media_within_a_functions_response_are_sent_or_left_out(store: Store, session: Session) -> None:
    cat, dog = picture("c", 90), picture("d", 20)
    held = [
        {"inlineData": dict(part.raw["inlineData"])}
        for part in keep(store, session, cat, dog)
        if isinstance(part, Other)
    ]
    response = {"name": "shoot", "response": {"ok": True}}
    part = Other({"type": "function_response", "functionResponse": {**response, "parts": held}})
    (whole,) = sent(store, session, prompt(part), 1000)
    (less,) = sent(store, session, prompt(part), 100)
    both = [{"inlineData": of(each).raw["inlineData"]} for each in (cat, dog)]
    assert whole == Other({**part.raw, "functionResponse": {**response, "parts": both}})
    assert less == Other({**part.raw, "functionResponse": {**response, "parts": both[1:]}})


def test_a_picture_in_a_thought_is_named_in_a_thought(store: Store, session: Session) -> None:
    keep(store, session)
    gone = Other({**apart(picture("c", 9))[1].raw, "thought": True, "thoughtSignature": "c2ln"})
    assert sent(store, session, prompt(gone), 100) == [
        Text("(image/png, 1 kB, not sent again)", thought=True)
    ]
