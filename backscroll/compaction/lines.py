"""Messages as lines of quoted data: one a message, each begun by its seq, so that nobody can add another's.

Tool data have lines of their own, in short: a summary tells what happened, and the exact values of calls
and responses are not its task. What was spoken is never shortened.
"""

from __future__ import annotations

from collections.abc import Iterator

from backscroll.messages import tokens
from backscroll.messages.message import Message
from backscroll.messages.part import Other, Part
from backscroll.messages.quoting import one_line, visible
from backscroll.messages.tool_data import call_of, leaves, response_of

# Characters of one call's arguments, or of one response's values.
LONGEST_TOOL_DATA = 400


def lines(message: Message, most: int) -> Iterator[str]:
    """Yield the lines of a message, each of at most `most` tokens; where one goes on, it says so."""
    for label, said in _said(message):
        # A line break inside a message is shown, not made.
        shown = visible(one_line(said, "\\n"))
        head = f"[{message.seq}] {label}: "
        while tokens.of_text(head + shown) > most:
            piece = first_piece(shown, (most - tokens.of_text(head)) * tokens.BYTES_A_TOKEN)
            yield head + piece
            shown = shown[len(piece) :]
            head = f"[{message.seq}] {label} (continued): "
        yield head + shown


def _said(message: Message) -> Iterator[tuple[str, str]]:
    spoken = " ".join(filter(None, map(_shown, message.parts)))
    calls = [call for part in message.parts if (call := call_of(part))]
    responses = [response for part in message.parts if (response := response_of(part))]
    if spoken or not (calls or responses):
        yield message.role, spoken
    for call in calls:
        yield "call", f"{call.name}({_short(call.values)})"
    for response in responses:
        yield "tool", f"{response.name} → {_short(response.values)}"


def _shown(part: Part) -> str:
    if not isinstance(part, Other):
        return "" if part.thought else part.text
    if call_of(part) or response_of(part):
        return ""
    # Media are megabytes of base64 that no summary can use.
    return f"({part.raw.get('type', 'unknown')})"


def _short(values: object) -> str:
    """Join values with their names; of what is too long the end is left out, visibly."""
    shown = ", ".join(f"{name}: {text}" if name else text for name, text in leaves(values))
    if len(shown) <= LONGEST_TOOL_DATA:
        return shown
    # Half a number would be another number.
    return first_piece(shown, LONGEST_TOOL_DATA).rstrip("0123456789.,:- ") + "…"


def first_piece(text: str, most: int) -> str:
    """Give as much of the beginning as `most` bytes hold, at least a character: whole words where it can."""
    most = max(most, 4)
    piece = text[:most].encode()[:most].decode(errors="ignore")
    if len(piece) == len(text):
        return piece
    end = max(piece.rfind(" "), piece.rfind("。"), piece.rfind("\uff0c")) + 1
    return piece[:end] if end * 2 > len(piece) else piece
