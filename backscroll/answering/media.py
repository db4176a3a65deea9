"""Media on their way to the model: fetched when the prompt is known, and not all of them for ever.

A provider takes a request of so many bytes and no more. What does not fit is left out from the oldest on,
and named in a few words: the model knows that there was something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from backscroll.messages.media import (
    Blob,
    Media,
    attach,
    is_media,
    mime_of,
    reference,
    size_of,
    split,
    without,
)
from backscroll.messages.part import Other, Part, Text
from backscroll.model.port import Prompt
from backscroll.session import Session
from backscroll.store import media
from backscroll.store.redis import Store

# Whoever is over the limit goes below it by up to a quarter. Where one old picture went for each new one,
# the beginning of the prompt would change with every turn, and none of it would be billed as seen before.
_STEPS = 4


def with_media(store: Store, session: Session, prompt: Prompt, most: int) -> Prompt:
    """Put the media that a prompt refers to into it.

    Args:
        store: where they lie; asked once, and not at all where there are none.
        session: whose they are.
        prompt: what is about to be sent.
        most: bytes of media that are sent; beyond them, and for what is gone, stands a note.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    return filled(prompt, most, lambda digests: media.read(store, session, digests))


def filled(prompt: Prompt, most: int, fetch: Callable[[Sequence[str]], Mapping[str, Media]]) -> Prompt:
    """Put the media that a prompt refers to into it, as `with_media` does, from wherever `fetch` has them.

    `fetch` gives media by their SHA-256, and leaves out what it does not have.
    """
    by_content = [[blob for part in each.parts for blob in _references(part)] for each in prompt.contents]
    listed = [blob for blobs in by_content for blob in blobs]
    if not listed:
        return prompt
    first = _first(list(map(size_of, listed)), sum(map(size_of, by_content[-1])), most)
    digests = dict.fromkeys(reference(blob) or "" for blob in listed[first:])
    found = fetch(list(digests))
    numbers = iter(range(len(listed)))

    def shown(part: Part) -> Iterator[Part]:
        if not isinstance(part, Other):
            yield part
            return
        refers = list(_references(part))
        sent = [next(numbers) >= first and reference(blob) in found for blob in refers]
        if all(sent):
            yield from attach((part,), found)
        elif is_media(part):
            yield Text(_note(refers[0]), thought=bool(part.raw.get("thought")))
        else:
            gone = [blob for blob, kept in zip(refers, sent, strict=True) if not kept]
            yield from attach((without(part, lambda blob: blob in gone),), found)

    contents = tuple(
        msgspec.structs.replace(content, parts=tuple(new for part in content.parts for new in shown(part)))
        for content in prompt.contents
    )
    return msgspec.structs.replace(prompt, contents=contents)


def _references(part: Part) -> Iterator[Blob]:
    if isinstance(part, Other):
        yield from (blob for blob in split(part)[1] if reference(blob))


def _first(sizes: list[int], newest: int, most: int) -> int:
    """Tell from which of the media on all are sent; `newest` bytes of them were just said."""
    over = sum(sizes) - most
    if over <= 0:
        return 0
    step = max(1, most // _STEPS)
    # Going below the limit is no reason to leave out what the question is about.
    out = max(over, min(-(-over // step) * step, sum(sizes) - newest))
    number = 0
    while out > 0:
        out -= sizes[number]
        number += 1
    return number


def _note(blob: Blob) -> str:
    return f"({mime_of(blob) or 'media'}, {-(-size_of(blob) // 1000)} kB, not sent again)"
