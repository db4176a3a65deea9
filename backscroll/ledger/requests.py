"""Requests that wait for an answer, followed through a conversation: who asked what, and who settled it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from backscroll.ledger import asking
from backscroll.ledger.ledger import Pending
from backscroll.ledger.values import values
from backscroll.messages.message import Message
from backscroll.messages.tool_data import ToolData, call_of, leaves, response_of

_LONGEST_CALL = 280
# A conversation that leaves more than these open has a form that the rules do not understand.
_MOST = 50


class Requests:
    """What is open at one point of a conversation.

    A request of the model's is settled when the user agrees, refuses or takes leave, when the model calls a
    tool or tells what came of it, or when it asks anew; a plain question also by an answer that names
    something or asks back, and by the next question.
    """

    def __init__(self, pending: Iterable[Pending], language: str) -> None:
        self._pending = [replace(each, answered=False) for each in pending]
        self._language = language

    def read(self, message: Message) -> Pending | None:
        """Read one message: settle what it settles, note what it asks; give the request that it agrees to."""
        agreed = self._settle(message)
        self._note(message)
        return agreed

    def pending(self, behind: Iterable[Message]) -> tuple[Pending, ...]:
        """Give what is open, marked as answered where messages that come `behind` settle it."""
        later = Requests(self._pending, self._language)
        for message in behind:
            later.read(message)
        still = set(later._pending)
        return tuple(replace(each, answered=each not in still) for each in self._pending)

    def _settle(self, message: Message) -> Pending | None:
        for part in message.parts:
            if returned := response_of(part):
                self._strike_call(returned.name)
        text = message.text
        if not text.strip():
            return None
        if message.role == "model":
            if asking.tells_outcome(text):
                self._strike("confirmation", "question")
            return None
        if asking.assents(text):
            question = self._strike("question")
            return self._strike("confirmation") or question
        if asking.takes_leave(text):
            self._pending = [each for each in self._pending if each.kind == "call"]
        elif asking.denies(text):
            self._strike("question")
            self._strike("confirmation")
        elif self._waits("question") and (asking.asks(text) or values(text, self._language)):
            self._strike("question")
        return None

    def _note(self, message: Message) -> None:
        if message.role != "model":
            return
        for part in message.parts:
            if (called := call_of(part)) and called.name:
                self._strike("confirmation")
                self._add(message, "call", _shown(called))
        text = message.text
        confirms = asking.asks_to_confirm(text)
        if not text.strip() or not (confirms or asking.asks(text)):
            return
        quoted = asking.quote(text)
        self._strike("question")
        if confirms:
            self._strike("confirmation")  # in other words, or with other values, it is still one request
            self._add(message, "confirmation", quoted)
        elif values(quoted, self._language):
            self._add(message, "question", quoted)

    def _add(self, message: Message, kind: str, text: str) -> None:
        self._pending.append(Pending(message.seq, message.role, message.ts, kind, text))
        del self._pending[:-_MOST]

    def _waits(self, kind: str) -> bool:
        return any(each.kind == kind for each in self._pending)

    def _strike(self, *kinds: str) -> Pending | None:
        """Take the newest request of these kinds off the list."""
        for index in reversed(range(len(self._pending))):
            if self._pending[index].kind in kinds:
                return self._pending.pop(index)
        return None

    def _strike_call(self, name: str) -> None:
        for index, pending in enumerate(self._pending):
            if pending.kind == "call" and pending.text.startswith(f"{name}("):
                del self._pending[index]
                return


def _shown(called: ToolData) -> str:
    shown = ""
    for name, text in leaves(called.values):
        more = f"{', ' if shown else ''}{name}={text}"
        if len(shown) + len(more) > _LONGEST_CALL:
            return f"{called.name}({shown}…)"  # whole values, or none: half a number would be another
        shown += more
    return f"{called.name}({shown})"
