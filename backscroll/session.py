"""The name of one conversation: who owns it, and what the client calls it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from zlib import crc32

from backscroll.errors import InvalidRequest

DEFAULT_TENANT = "default"
# "." and ".." lead elsewhere: whatever normalises a URL takes them for a step, and not for a name.
_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~-]{1,128}")


def is_name(text: str) -> bool:
    """Tell whether a tenant or a session can be called `text`."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation of one tenant."""

    tenant: str
    id: str

    def __post_init__(self) -> None:
        for field, value in (("tenant", self.tenant), ("session", self.id)):
            if not is_name(value):
                raise InvalidRequest(
                    field, f"{field} must be 1 to 128 of A-Z, a-z, 0-9 and . _ ~ -, and neither . nor .."
                )

    def __str__(self) -> str:
        return f"{self.tenant}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Session:
        """Read back what `str` wrote; neither part can hold a slash."""
        tenant, _, session = text.partition("/")
        return cls(tenant, session)

    @property
    def digest(self) -> str:
        """The name by which logs and traces tell this session from others, without telling whose it is.

        `printf %s TENANT/SESSION | sha256sum | cut -c1-16` gives it, too.
        """
        return sha256(str(self).encode()).hexdigest()[:16]

    def shard(self, shards: int) -> int:
        """Tell which of `shards` shards holds this session. The same in every process, for ever."""
        return crc32(str(self).encode()) % shards
