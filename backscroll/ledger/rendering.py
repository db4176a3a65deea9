"""The ledger as the model is shown it: a line for each turn that brought something in.

`12 what the user said;more of it>what the model said;*what both agreed to`, with the seq of the first of the
two messages; `13=what a tool returned`; then what is open.
"""

from __future__ import annotations

from collections.abc import Iterator

from backscroll.ledger.ledger import Ledger, Said, Value

_MARKS = str.maketrans({";": ",", ">": ")"})


def render(ledger: Ledger) -> str:
    """Write the ledger; an empty one is an empty text."""
    return "\n".join((*_said(ledger), *_open(ledger)))


def _said(ledger: Ledger) -> Iterator[str]:
    line, before = "", 0
    for said in ledger.said:
        answers = said.role == "model" and said.seq == before + 1
        if line and not answers:
            yield line
            line = ""
        line += ("" if answers else str(said.seq)) + _listed(said)
        before = said.seq
    if line:
        yield line


def _listed(said: Said) -> str:
    mark = ">" if said.role == "model" else "=" if said.values[0].kind.startswith("result:") else " "
    return mark + ";".join(map(_value, said.values))


def _value(value: Value) -> str:
    # Nobody can add a line, or a mark, in another's name.
    text = " ".join(value.text.split()).translate(_MARKS).lstrip("*")
    return "*" + text if value.kind == "agreed" else text


def _open(ledger: Ledger) -> Iterator[str]:
    for pending in ledger.open:
        yield f"open {pending.seq}: {' '.join(pending.text.split())}"
    if ledger.dropped and not ledger.empty:
        yield f"({ledger.dropped} left out)"
