"""Taking covered messages into the ledger: what they brought in, what was agreed, what is still open."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from backscroll.ledger import asking
from backscroll.ledger.ledger import Ledger, Pending, Said, Value
from backscroll.ledger.lexing import words
from backscroll.ledger.requests import Requests
from backscroll.ledger.values import values
from backscroll.ledger.vocabulary import likely_language
from backscroll.messages import tokens as sizes
from backscroll.messages.message import Message
from backscroll.messages.tool_data import call_of, leaves, response_of

# What a value is worth by how it came in. What was agreed is worth most; what a tool returned and nobody
# spoke of, least. A second mention adds to it.
AGREED = 9
_CALLED = 7
_SAID_BY_USER = 6
_ANSWERED = 6
_STATED = 4
_OFFERED = 3
_SHORT_ANSWER = 3
_RETURNED = 1
_AGAIN = 2
# … and by what it is: a code or a date says more alone than a count or a single word.
_EXACT = 2
_BY_KIND = {"count": -3, "word": -1, "name": 0, "number": 1, "title": 1}
_ANSWER_WORDS = 4
_LONGEST_DATUM = 100
_LONGEST_NAME = 40
# More values than any ledger has room for: a table that a tool returned.
_MOST = 800
# How much of each message tells which language is spoken.
_SAMPLE = 2000


def extend(ledger: Ledger, covered: Sequence[Message], behind: Sequence[Message] = ()) -> Ledger:
    """Take `covered` into the ledger, whatever room there is for it.

    Args:
        ledger: of everything before them.
        covered: messages, in order.
        behind: those that stay in the context verbatim: what they answer is not open any more.
    """
    sample = (message.text[:_SAMPLE] for message in (*covered, *behind))
    language = likely_language(word for text in sample for word in words(text))
    book = _Book(ledger, language)
    requests = Requests(ledger.pending, language)
    for message in covered:
        agreed = requests.read(message)
        if agreed is not None:
            book.agree(agreed)
        book.take(message)
    said = book.said()
    return replace(
        ledger,
        said=said,
        dropped=book.dropped,
        pending=requests.pending(behind),
        spoken=ledger.spoken + sum(sizes.of_text(message.text) for message in covered),
        covered=ledger.covered + sizes.of_messages(covered),
    )


class _Book:
    """The values of the ledger while messages are taken in, one after another."""

    def __init__(self, ledger: Ledger, language: str) -> None:
        self._language = language
        self._entries = {said.seq: said for said in ledger.said}
        self._values = {said.seq: {value.text: value for value in said.values} for said in ledger.said}
        self._where = {value.text: said.seq for said in ledger.said for value in said.values}
        self._before: Message | None = None
        self._wanted = ""
        self.dropped = ledger.dropped

    def take(self, message: Message) -> None:
        """Take in what a message brings."""
        self._take_text(message)
        for part in message.parts:
            if called := call_of(part):
                self._take_data(message, called.values, "argument", _CALLED)
            elif returned := response_of(part):
                self._take_data(message, returned.values, "result", _RETURNED)
        if message.text.strip():
            self._before = message
            if message.role == "user":
                self._wanted = message.text

    def agree(self, request: Pending) -> None:
        """Carry what was agreed as it was put, without the sentences beside it."""
        put = asking.sentences(request.text)
        telling = (each for each in put if values(each, self._language))
        text = " ".join(asking.telling(each, self._language) for each in telling)
        if text and text not in self._where:
            entry = Said(request.seq, request.role, request.ts, ())
            self._add(entry, Value(text, "agreed", AGREED, request.seq))

    def _take_text(self, message: Message) -> None:
        again = asking.corrects(message.text)
        found = values(message.text, self._language)
        worth = self._worth(message)
        for each in found:
            rank = min(AGREED - 1, worth + _BY_KIND.get(each.kind, _EXACT))
            moved = again and not asking.is_put_right(message.text[: each.start])
            self._note(message, each.text, each.kind, rank, again=moved)
        if not found and self._answers(message):
            short = asking.telling(message.text, self._language)
            if short and short.count(" ") < _ANSWER_WORDS:
                self._note(message, short, "answer", _SHORT_ANSWER, again=again)

    def _worth(self, message: Message) -> int:
        if message.role == "user":
            return _SAID_BY_USER
        if asking.asks(message.text):
            return _OFFERED  # and may be turned down
        return _ANSWERED if asking.asks(self._wanted) else _STATED

    def _answers(self, message: Message) -> bool:
        """Tell whether a message says in a word or two what was asked for."""
        asked = self._before is not None and self._before.role == "model" and "?" in self._before.text
        idle = "?" in message.text or asking.assents(message.text) or asking.only_polite(message.text)
        return message.role == "user" and asked and not idle

    def _take_data(self, message: Message, data: object, kind: str, rank: int) -> None:
        for name, text in leaves(data):
            if not text.strip() or len(text) > _LONGEST_DATUM or "\n" in text:
                continue  # a text of its own, no datum
            vague = 2 if len(text) < 3 or text in ("true", "false") else 0
            self._note(message, text, f"{kind}:{name[:_LONGEST_NAME]}", rank - vague, again=False)

    def _note(self, message: Message, text: str, kind: str, rank: int, *, again: bool) -> None:
        seq = self._where.get(text)
        if seq is not None and not again:
            self._mention(seq, text, message.seq, rank)
            return
        if seq is not None:
            # Said anew where something is put right: the order tells which of two values counts.
            del self._values[seq][text]
        self._add(Said(message.seq, message.role, message.ts, ()), Value(text, kind, rank, message.seq))

    def _add(self, entry: Said, value: Value) -> None:
        self._entries.setdefault(entry.seq, entry)
        self._values.setdefault(entry.seq, {})[value.text] = value
        self._where[value.text] = entry.seq

    def _mention(self, seq: int, text: str, now: int, rank: int) -> None:
        value = self._values[seq][text]
        if value.kind != "agreed":
            rank = max(value.rank, rank) + (_AGAIN if now > value.last else 0)
            value = replace(value, rank=min(rank, AGREED - 1))
        self._values[seq][text] = replace(value, last=now)

    def _thin(self) -> None:
        ranked = sorted(
            (value.rank, value.last, seq, text)
            for seq, listed in self._values.items()
            for text, value in listed.items()
        )
        for _, _, seq, text in ranked[:-_MOST]:
            del self._values[seq][text]
            self.dropped += 1

    def said(self) -> tuple[Said, ...]:
        """Give what was said, without the values that stand in a longer one."""
        self._thin()
        long = "\n".join(
            text for values in self._values.values() for text, value in values.items() if _is_long(value)
        )
        said = []
        for seq in sorted(self._values):
            agreed = "\n".join(v.text for v in self._values[seq].values() if v.kind == "agreed")
            kept = (
                value
                for value in self._values[seq].values()
                # 5 seats are not 5 pm: a count is only taken to stand in what its own message asks.
                if value.kind == "agreed"
                or not _within(value.text, agreed if value.kind == "count" else long)
            )
            if listed := tuple(kept):
                said.append(replace(self._entries[seq], values=listed))
        return tuple(said)


def _is_long(value: Value) -> bool:
    return value.kind == "agreed" or " " in value.text


def _within(text: str, long: str) -> bool:
    """Tell whether a value stands in a longer one, of which each has a line in `long`."""
    start = long.find(text)
    while start >= 0:
        end = start + len(text)
        around = long[start - 1 : start], long[end : end + 1]
        if not any(map(_is_of_a_word, around)) and any(each not in ("", "\n") for each in around):
            return True
        start = long.find(text, start + 1)
    return False


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"
