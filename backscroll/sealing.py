"""Encryption at rest: AES-256-GCM under keys of the operator's, which are never in Redis.

Each session has a key of its own, derived (HKDF-SHA256) from the operator's key, its id, and the session's
name. So a value that is moved to another session does not open there; nothing has to be stored, or to expire,
for the sake of a key; and the number of values under one key, whose nonces are drawn at random, stays that of
one conversation: 2^32 are safe, and a session in which somebody streams answers without a pause needs seven
years for them.

What a value is, and at which place it stands, is authenticated with it. What this cannot tell is stated in
docs/encryption.md: an older value in the place of a newer one, and a plain one in the place of a sealed one.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import lru_cache
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backscroll.cipher import FORM, Kind, TagKind, key_id, no_key, not_authentic

_NONCE = 12
_KEY = 32
# Sessions whose keys are kept derived: some 20 µs each.
_KEPT = 4096


class Sealing:
    """Makes the cipher of each session. Threads may share it."""

    def __init__(self, keys: Mapping[str, bytes], *, seals: bool = True) -> None:
        """Take the operator's keys by their ids, 32 bytes each; all of them open, and the first one seals."""
        self._keys = dict(keys)
        self._seals = seals
        self.cipher = lru_cache(maxsize=_KEPT)(self._cipher)

    def _cipher(self, session: str) -> SessionCipher:
        """Give the cipher of `session`, a name that no other session of the deployment has."""
        keys = {name: _derived(name, key, session) for name, key in self._keys.items()}
        return SessionCipher(keys, seals=self._seals)


class _Key:
    """What one of the operator's keys is for one session: what seals, and what digests are keyed with."""

    __slots__ = ("aead", "digests", "head", "name")

    def __init__(self, name: str, derived: bytes) -> None:
        self.name = name
        self.head = FORM + bytes([len(name)]) + name.encode()
        self.aead = AESGCM(derived[:_KEY])
        self.digests = derived[_KEY:]


def _derived(name: str, key: bytes, session: str) -> _Key:
    info = f"backscroll 1 {session}".encode()
    hkdf = HKDF(algorithm=SHA256(), length=2 * _KEY, salt=name.encode(), info=info)
    return _Key(name, hkdf.derive(key))


class SessionCipher:
    """The `Cipher` of one session."""

    def __init__(self, keys: Mapping[str, _Key], *, seals: bool) -> None:
        self.seals = seals
        self._keys = keys
        self._current = next(iter(keys.values()))

    def seal(self, kind: Kind, value: bytes, place: str = "") -> bytes:
        """Seal a value under the first key."""
        if not self.seals:
            return value
        key, nonce = self._current, urandom(_NONCE)
        return key.head + nonce + key.aead.encrypt(nonce, value, _bound(kind, place))

    def open(self, kind: Kind, stored: bytes, place: str = "") -> bytes:
        """Open a value that was sealed under any of the keys."""
        if not stored.startswith(FORM):
            return stored
        name = key_id(stored)
        key = self._keys.get(name)
        if key is None:
            raise no_key(kind, name)
        start = len(key.head)
        nonce, sealed = stored[start : start + _NONCE], stored[start + _NONCE :]
        try:
            return key.aead.decrypt(nonce, sealed, _bound(kind, place))
        except (InvalidTag, ValueError):  # a nonce that is cut off is a ValueError
            raise not_authentic(kind, name) from None

    def tags(self, kind: TagKind, digest: str) -> tuple[str, ...]:
        """Give the digest keyed with each of the keys, and as it is."""
        said = f"{kind} {digest}".encode()
        keyed = [
            f"{name}:{hmac.digest(key.digests, said, 'sha256').hex()}" for name, key in self._keys.items()
        ]
        return (*keyed, digest) if self.seals else (digest, *keyed)

    def check_tag(self, tag: str) -> None:
        """Refuse a tag that was made with none of the keys."""
        made_with, colon, _ = tag.partition(":")
        if colon and made_with not in self._keys:
            raise no_key("digest", made_with)


def _bound(kind: Kind, place: str) -> bytes:
    return f"{kind} {place}".encode()
