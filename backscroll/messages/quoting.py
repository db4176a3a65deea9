"""What was said, as a quotation that ends where we end it.

A model is shown words of others in the middle of our own. Whatever could be taken for a frame of ours, or is
there for the model and not for the eye, does not go in; all else does, letter for letter.
"""

from __future__ import annotations

import re

# Stands before and after what is quoted. No quotation holds a run of four that looks like it.
RULE = "=" * 8
_RULES = re.compile("[=\uff1d\u2550\u2261\u30a0\u207c\u208c\ua78a]{4,}")

# Shown as nothing: tags and other plain text in disguise, controls of direction, joints without width.
# U+200C and U+200D join letters and emoji, U+FE00 and following choose glyphs: in a row, they are a code.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
    "|[\u200c\u200d\ufe00-\ufe0f]{2,}"
)
# What models were trained to take for the end of one speaker's turn, and the beginning of another's.
_TURNS = re.compile(r"<(?=/?(?:start_of_turn|end_of_turn|bos|eos|s|INST|\|))", re.IGNORECASE)
# A note of ours begins with a label in brackets.
_LABELS = re.compile("(\n\\s*)[\\[\uff3b\u3010]")


def visible(text: str) -> str:
    """Leave out what nobody sees."""
    return _INVISIBLE.sub("", text)


def one_line(text: str, between: str = " ") -> str:
    """Write a text without its line breaks, of whatever kind."""
    return between.join(text.splitlines())


def quoted(text: str) -> str:
    """Write a text so that no line of it looks like a frame of ours, or like somebody else's turn.

    The same text is always written the same way: a prompt's prefix stays, byte for byte.
    """
    lines = visible("\n".join(text.splitlines()))
    lines = _RULES.sub(lambda found: "-" * len(found[0]), lines)
    return _LABELS.sub(r"\1(", _TURNS.sub("\u2039", lines))
