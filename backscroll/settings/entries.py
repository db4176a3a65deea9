"""Settings that are lists of secrets: entries in the variable itself, or the path of a file that has them.

A file keeps them out of the process list, the environment's dumps and the unit file. No message that is made
here shows any of the value: where somebody mistyped a path or a key, it may be the key.
"""

from __future__ import annotations

import re
from pathlib import Path

from backscroll.errors import InvalidSetting

_BETWEEN = re.compile(r"[,\s]+")


def entries(name: str, value: str) -> list[str]:
    """Read a list of entries.

    Args:
        name: the variable, for the message.
        value: entries `id:secret`, separated by commas or white space; or the path of a file with such
            entries, one a line, where `#` begins a comment. What has a slash or no colon is a path.

    Raises:
        InvalidSetting: when the file cannot be read.
    """
    if value.strip() and ("/" in value or ":" not in value):
        value = _text(name, Path(value.strip()).expanduser())
    return [entry for entry in _BETWEEN.split(value) if entry]


def _text(name: str, path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = type(error).__name__
        raise InvalidSetting(name, f"neither entries nor a file that can be read ({reason})") from None
    return "\n".join(line.partition("#")[0] for line in lines)
