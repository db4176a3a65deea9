"""The ledger as the model is shown it: a line for each message that brought something in."""

from __future__ import annotations

from collections.abc import Iterator

from backscroll.ledger.ledger import Ledger
from backscroll.messages.message import Role

_MARK: dict[Role, str] = {"user": "u", "model": "m"}


def render(ledger: Ledger) -> str:
    """Write the ledger; an empty one is an empty text.

    Args:
        ledger: its values come first, in the order in which they were said, and then what is left to do.
    """
    return "\n".join(_lines(ledger))


def _lines(ledger: Ledger) -> Iterator[str]:
    for said in ledger.said:
        values = "; ".join(_one_line(value.text) for value in said.values)
        yield f"{said.seq}{_MARK[said.role]} {values}"
    for task in ledger.pending:
        yield f"open {task.seq}{_MARK[task.role]} {_one_line(task.text)}"
    if ledger.dropped:
        yield f"(+{ledger.dropped} older values left out)"


def _one_line(text: str) -> str:
    # A line break inside a value is shown, not made: nobody can add a line in another's name.
    return "\\n".join(text.splitlines())
