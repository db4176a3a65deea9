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
        value: entries `id:secret`, or the path of a file that has them.

    Raises:
        InvalidSetting: when the file cannot be read.
    """
    return split(_text(name, path_in(value)) if is_path(value) else value)


def is_path(value: str) -> bool:
    """Tell whether a value names a file: what has a slash or no colon is no entry."""
    return bool(value.strip()) and ("/" in value or ":" not in value)


def path_in(value: str) -> Path:
    """Give the path that a value names."""
    return Path(value.strip()).expanduser()


def split(text: str) -> list[str]:
    """Take entries apart that commas or white space separate; `#` begins a comment up to its line's end."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    return [entry for line in lines for entry in _BETWEEN.split(line) if entry]


def _text(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = type(error).__name__
        raise InvalidSetting(name, f"neither entries nor a file that can be read ({reason})") from None
