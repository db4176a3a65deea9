"""API keys: how they are made, and whose a key is.

A key is 256 random bits, and of it only its SHA-256 is ever stored. A slow hash such as argon2 protects what
people choose, which can be guessed; nobody tries 2^256 keys, however fast each try is.
"""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe

from backscroll.errors import InvalidSetting
from backscroll.session import is_name
from backscroll.settings import variable
from backscroll.settings.entries import is_path, path_in, split

log = logging.getLogger(__name__)

NAME = variable("api_keys")

_BYTES = 32
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_LOOK_AGAIN = 1.0  # seconds: how long a key that was taken out of the file may still open
_NOBODY = (bytes(_BYTES), "")

Owners = Mapping[bytes, tuple[bytes, str]]


@dataclass(frozen=True)
class NewKey:
    """A key for a client, and the `entry` by which servers will know it."""

    tenant: str
    key: str
    entry: str


def new(tenant: str) -> NewKey:
    """Make a key of `tenant`, whose name must be one."""
    key = "bsk_" + token_urlsafe(_BYTES)
    return NewKey(tenant, key, f"{tenant}:{_digest(key).hex()}")


class ApiKeys:
    """The keys that a setting names, by themselves or in a file, which may change while they are in use.

    Args:
        setting: the value of BACKSCROLL_API_KEYS: entries, or the path of a file with them.

    Raises:
        InvalidSetting: when it cannot be used. No message repeats any of it.
    """

    def __init__(self, setting: str) -> None:
        self.required = bool(setting)
        self._file = path_in(setting) if is_path(setting) else None
        self._looked = time.monotonic()
        if self._file is None:
            self._owners = _parse(setting.encode())
            if self.required and not self._owners:
                raise InvalidSetting(NAME, "there is no entry in it")
            return
        if not self._file.is_file():  # a pipe, say, could be read only once
            raise InvalidSetting(NAME, "what it names is no file")
        try:
            self._seen: bytes | None = self._file.read_bytes()
        except OSError as error:
            raise InvalidSetting(NAME, f"the file that it names cannot be read: {error.strerror}") from None
        self._owners = _parse(self._seen)
        self._tell()

    def tenant_of(self, key: str) -> str | None:
        """Tell whose `key` is; None when it opens nothing.

        What the look-up takes depends on the digest of what was sent, of which nobody can choose the bytes:
        its time brings no guess closer to a key. The comparison itself is one of constant time, and is made
        for unknown keys too.
        """
        self._look_again()
        digest = _digest(key)
        known, tenant = self._owners.get(digest, _NOBODY)
        return tenant if hmac.compare_digest(known, digest) else None

    def _look_again(self) -> None:
        now = time.monotonic()
        if self._file is None or now < self._looked + _LOOK_AGAIN:
            return
        self._looked = now
        # Its content, not its times: those of two changes within a tick are the same.
        before, self._seen = self._seen, None
        try:
            self._seen = self._file.read_bytes()
            if self._seen != before:
                self._owners = _parse(self._seen)
                self._tell()
        except (OSError, InvalidSetting) as error:
            # Who has a key keeps it: a slip of the pen must not lock everybody out. Told once for each state
            # that the file is in, and not once a second.
            if self._seen != before:
                why = error.strerror if isinstance(error, OSError) else error.message
                log.warning("API keys: the file cannot be used, those from before stay: %s", why)

    def _tell(self) -> None:
        if self._owners:
            log.info("API keys: %d in use", len(self._owners))
        else:
            log.warning("API keys: the file holds none, nobody is let in")


def _parse(content: bytes) -> Owners:
    """Read entries. An error says which, and shows none: one that is wrong may well be a key itself."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InvalidSetting(NAME, "the file that it names is no text in UTF-8") from None
    owners: dict[bytes, tuple[bytes, str]] = {}
    for number, entry in enumerate(split(text), 1):
        tenant, _, digits = entry.rpartition(":")
        if not is_name(tenant) or not _DIGEST.fullmatch(digits):
            raise InvalidSetting(
                NAME,
                f"entry {number} is not tenant:sha256, as `backscroll keys new TENANT` makes it, "
                "and the path of a file would hold a slash",
            )
        digest = bytes.fromhex(digits)
        if owners.setdefault(digest, (digest, tenant))[1] != tenant:
            raise InvalidSetting(NAME, f"entry {number} is the key of another tenant too")
    return owners


def _digest(key: str) -> bytes:
    return sha256(key.encode(errors="replace")).digest()
