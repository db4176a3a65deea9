"""Media in the store: each content once in a session, by its SHA-256, for as long as the session lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from backscroll.errors import MediaFull
from backscroll.messages.media import Media
from backscroll.session import Session
from backscroll.store.redis import Argument, Store


def to_keep(store: Store, media: Mapping[str, Media]) -> Iterator[Argument]:
    """Give media as the scripts take them that keep them, along with the message that refers to them."""
    yield store.settings.session_media_bytes
    for digest, each in media.items():
        yield digest
        yield each.mime.encode() + b"\n" + each.data


def full(store: Store, held: int) -> MediaFull:
    """Say that media were not kept, in a session that has `held` bytes of them already."""
    return MediaFull(
        f"the session has {held:,} bytes of media; at most {store.settings.session_media_bytes:,} are kept"
    )


def read(store: Store, session: Session, digests: Sequence[str]) -> dict[str, Media]:
    """Read media by their SHA-256, all in one round trip; those that are not there are left out.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    if not digests:
        return {}
    found = store.run("read_media", session, *digests)
    return {digest: _media(each) for digest, each in zip(digests, found, strict=False) if each is not None}


def _media(stored: bytes) -> Media:
    mime, _, data = stored.partition(b"\n")
    return Media(mime.decode(), data)
