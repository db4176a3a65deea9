"""The operator's encryption keys, as they are written in the setting."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

from backscroll.errors import InvalidSetting
from backscroll.settings.entries import entries
from backscroll.settings.names import variable

KEY_BYTES = 32
# An id goes into every value that is sealed, and into messages: short, and nothing that could be mistaken.
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")

# Before all keys: they open, and nothing is sealed. It leads into encryption, and out of it.
_PLAIN = "plain"

_NAME = variable("encryption_keys")
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=?")


@dataclass(frozen=True)
class EncryptionKeys:
    """The keys by their ids, 32 bytes each, and whether the first of them seals what is written."""

    by_id: Mapping[str, bytes] = field(repr=False)
    seals: bool


def encryption_keys(value: str) -> EncryptionKeys:
    """Read the keys in their order; the first one encrypts, unless `plain` stands before it.

    Raises:
        InvalidSetting: for what is no key, or an id that is listed twice. Its message shows no key.
    """
    listed = entries(_NAME, value)
    seals = listed[:1] != [_PLAIN]
    found: dict[str, bytes] = {}
    for number, entry in enumerate(listed if seals else listed[1:], 1 if seals else 2):
        key_id, colon, key = entry.partition(":")
        if not (colon and KEY_ID.fullmatch(key_id) and _KEY.fullmatch(key)):
            raise InvalidSetting(
                _NAME,
                f"entry {number} is not `id:key`, where the key is {KEY_BYTES} bytes in base64url; "
                "`backscroll keys encryption` prints one",
            )
        if key_id in found:
            raise InvalidSetting(_NAME, f"entry {number} has an id that an entry before it has")
        found[key_id] = urlsafe_b64decode(key.rstrip("=") + "=")
    return EncryptionKeys(found, seals=seals and bool(found))
