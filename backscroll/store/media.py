"""Media in the store: each content once in a session, by its SHA-256, for as long as the session lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backscroll.errors import LeaseLost, MediaFull
from backscroll.messages.media import Media
from backscroll.session import Session
from backscroll.store.redis import Argument, Store


def put(store: Store, session: Session, media: Mapping[str, Media], *, token: str = "") -> None:
    """Keep media, before a message refers to them.

    Args:
        store: where.
        session: whose.
        media: by their SHA-256; nothing is sent where there are none.
        token: of who holds the session, where it is an answer's: media of one that is late are not kept.

    Raises:
        MediaFull: when the session has no room for all of them. None was kept.
        LeaseLost: when the session is not ours any more. None was kept.
        StoreUnavailable: when Redis does not serve.
    """
    if not media:
        return
    most = store.settings.session_media_bytes
    args: list[Argument] = []
    for digest, each in media.items():
        args += (digest, each.mime.encode() + b"\n" + each.data)
    state, *rest = store.run("put_media", session, token, most, *args)
    if state == b"lost":
        raise LeaseLost
    if state == b"full":
        raise MediaFull(f"the session has {rest[0]:,} bytes of media; at most {most:,} are kept")


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
