"""The ledger as the model is shown it: a line for each turn that brought something in.

`12 what the user said;more of it>what the model said;*what both agreed to`, with the seq of the first of the
two messages; `13=what a tool returned`; then what is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backscroll.ledger.ledger import Ledger, Said, Value

_MARKS = str.maketrans({";": ",", ">": ")"})


def render(ledger: Ledger) -> str:
    """Write the ledger; an empty one is an empty text."""
    return "\n".join((*_said(ledger), *_open(ledger), *_left_out(ledger.dropped, shown=not ledger.empty)))


def sizes(ledger: Ledger, leaving: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Tell how many bytes `render` gives of a ledger, and of what is left each time that a value leaves it.

    Args:
        ledger: no two of its messages have the same seq.
        leaving: the values that leave, each by its message's seq and its index there.
    """
    entries = {said.seq: said for said in ledger.said}
    values = {seq: [len(_value(value).encode()) for value in said.values] for seq, said in entries.items()}
    left = {seq: len(each) for seq, each in values.items()}

    def head(seq: int) -> int:
        """Tell how many bytes of a line's beginning, and of the break before it, a message has."""
        if not left.get(seq):
            return 0
        return 0 if entries[seq].role == "model" and left.get(seq - 1) else 1 + len(str(seq))

    def size() -> int:
        rest = sum(1 + len(line.encode()) for line in _left_out(dropped, shown=said + opened > 0))
        return max(0, said + opened + rest - 1)

    # A mark stands before the first value of a message, and a sign before each other one.
    said = sum(sum(each) + len(each) for each in values.values()) + sum(map(head, entries))
    opened = sum(1 + len(line.encode()) for line in _open(ledger))
    dropped = ledger.dropped
    yield size()
    for seq, index in leaving:
        said -= 1 + values[seq][index] + head(seq) + head(seq + 1)
        left[seq] -= 1
        said += head(seq) + head(seq + 1)
        dropped += 1
        yield size()


def _said(ledger: Ledger) -> Iterator[str]:
    line, before = "", -1
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
    text = value.text
    if not text.isalnum():  # as most are, and a compaction weighs them all
        # Nobody can add a line, or a mark, in another's name.
        text = " ".join(text.split()).translate(_MARKS).lstrip("*")
    return "*" + text if value.kind == "agreed" else text


def _open(ledger: Ledger) -> Iterator[str]:
    for pending in ledger.open:
        yield f"open {pending.seq}: {' '.join(pending.text.split())}"


def _left_out(dropped: int, *, shown: bool) -> Iterator[str]:
    if dropped and shown:
        yield f"({dropped} left out)"
