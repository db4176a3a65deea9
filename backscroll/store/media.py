"""Media in the store: each content once in a session, by its SHA-256, for as long as the session lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from backscroll.errors import MediaFull
from backscroll.messages.media import Media
from backscroll.session import Session
from backscroll.store import content
from backscroll.store.connecting import Argument
from backscroll.store.redis import Store


def to_keep(store: Store, session: Session, media: Mapping[str, Media]) -> Iterator[Argument]:
    """Give media as the scripts take them that keep them, along with the message that refers to them."""
    cipher = store.cipher(session)
    yield store.settings.session_media_bytes
    for digest, each in media.items():
        yield cipher.tags("media", digest)[0]
        yield content.encode_media(cipher, digest, each)


def full(store: Store, held: int) -> MediaFull:
    """Say that media were not kept, in a session that has `held` bytes of them already."""
    return MediaFull(
        f"the session has {held:,} bytes of media; at most {store.settings.session_media_bytes:,} are kept"
    )


def read(store: Store, session: Session, digests: Sequence[str]) -> dict[str, Media]:
    """Read media by their SHA-256, all in one round trip; those that are not there are left out.

    Raises:
        Sealed: when the session has media whose key is missing, so that nobody knows which they are.
        StoreUnavailable: when Redis does not serve.
    """
    if not digests:
        return {}
    cipher = store.cipher(session)
    # Kept under the first of its tags, or under another by whoever had other keys.
    asked = [(digest, tag) for digest in digests for tag in cipher.tags("media", digest)]
    stored = store.run("read_media", session, *(tag for _, tag in asked))
    found = {
        digest: content.decode_media(cipher, digest, each)
        for (digest, _), each in zip(asked, stored, strict=False)
        if each is not None
    }
    if len(found) < len(digests):
        for tag in store.run("read_media", session):
            cipher.check_tag(tag.decode())
    return found
