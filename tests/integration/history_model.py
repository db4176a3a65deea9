"""What the history store has to do, said as simply as possible: what the real one is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_ATTEMPTS = 3
INBOX_LIMIT = 4


@dataclass
class Waiting:
    """A reply that has not ended."""

    reply_id: str
    texts: list[str]
    attempts: int = 0
    token: str | None = None


@dataclass
class Change:
    """A compaction's change: messages behind `start` up to `end` become a chapter.

    `merge` are the index of the first chapter that is merged and how many are, or nothing.
    """

    token: str
    start: int
    end: int
    merge: tuple[int, int] | None = None


@dataclass
class History:
    """One session. Times are left out: the test lets leases and pauses run out when it likes."""

    inbox: list[Waiting] = field(default_factory=list)
    ended: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    transcript: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    chapters: list[tuple[int, int]] = field(default_factory=list)
    holder: str | None = None
    asleep: bool = False
    offer: Change | None = None
    compaction: str | None = None
    compaction_may_be_taken: bool = False
    applied: str | None = None
    noted: bool = False  # a compaction is due, or in work: it stands in the index
    forced: int = 0  # the number of the request for one, and of the one that the compaction in work answers
    answered: int = 0
    requests: int = 0
    restored: bool = False
    recovered: set[str] = field(default_factory=set)

    @property
    def watermark(self) -> int:
        return self.chapters[-1][1] if self.chapters else 0

    def live(self) -> list[tuple[str, tuple[str, ...]]]:
        return self.transcript[self.watermark :]

    def submit(self, reply_id: str, text: str, on_busy: str) -> str | None:
        """Give the reply that answers `text`, or None when it is turned away."""
        if on_busy == "reject" and self.inbox:
            return None
        last = self.inbox[-1] if self.inbox else None
        if on_busy == "merge" and last and last.token is None:
            last.texts.append(text)
            return last.reply_id
        if len(self.inbox) >= INBOX_LIMIT:
            return None
        self.inbox.append(Waiting(reply_id, [text]))
        return reply_id

    def claim(self, token: str) -> Waiting | None:
        if self.holder is not None or self.asleep:
            return None
        return self._begin(token)

    def _begin(self, token: str) -> Waiting | None:
        self.apply_offer()
        while self.inbox:
            head = self.inbox[0]
            if head.token != token:
                if head.attempts >= MAX_ATTEMPTS:
                    self._end(head, "failed", None)
                    continue
                head.attempts += 1
                head.token = token
            self.holder = token
            return head
        self.holder = None
        return None

    def holds(self, token: str, reply_id: str) -> bool:
        return self.holder == token and bool(self.inbox) and self.inbox[0].reply_id == reply_id

    def commit(self, token: str, answer: str, status: str, *, go_on: bool) -> Waiting | None:
        head = self.inbox[0]
        self.transcript += [("user", tuple(head.texts)), ("model", (answer,))]
        self._end(head, status, token)
        self.noted = self.noted or not self.offer
        return self.hand_over(token, go_on=go_on)

    def fail(self, token: str, *, go_on: bool) -> Waiting | None:
        self._end(self.inbox[0], "failed", token)
        return self.hand_over(token, go_on=go_on)

    def hand_over(self, token: str, *, go_on: bool) -> Waiting | None:
        if go_on:
            return self._begin(token)
        self.apply_offer()
        self.holder = None
        return None

    def snooze(self, *, long: bool) -> None:
        head = self.inbox[0]
        head.attempts -= 1
        head.token = None
        self.apply_offer()
        self.holder, self.asleep = None, long

    def cancel(self, reply_id: str) -> None:
        for waiting in self.inbox:
            if waiting.reply_id == reply_id:
                held = waiting.token is not None and self.holder == waiting.token
                self._end(waiting, "cancelled", waiting.token)
                if held:
                    self.apply_offer()
                    self.holder = None
                return

    def recover(self, reply_id: str, text: str, answer: str) -> str:
        """Take in what was answered elsewhere, and tell what became of it."""
        status, _ = self.ended.get(reply_id, ("", None))
        if reply_id in self.recovered:
            return "again"
        waiting = next((each for each in self.inbox if each.reply_id == reply_id), None)
        if status in ("completed", "incomplete", "cancelled") or (waiting and len(waiting.texts) > 1):
            self.recovered.add(reply_id)
            return "answered"
        if self.holder is not None and not (waiting and waiting.token == self.holder):
            return "busy"
        self.apply_offer()
        self.holder = None
        self.transcript += [("user", (text,)), ("model", (answer,))]
        if waiting:
            self.inbox.remove(waiting)
        self.ended.pop(reply_id, None)
        self.ended[reply_id] = ("completed", None)
        self.recovered.add(reply_id)
        return "merged"

    def begin_compaction(self, token: str) -> bool:
        if self.holder is None:
            self.apply_offer()
        if self.offer or not self.live():
            self.noted = False
            self.forced = self.forced if self.offer else 0
            return False
        if self.compaction is not None and not self.compaction_may_be_taken:
            return False
        if self.restored and not self.forced and not self.noted:
            return False
        self.compaction, self.compaction_may_be_taken = token, False
        self.noted, self.answered = True, self.forced
        return True

    def request_compaction(self) -> None:
        self.requests += 1
        self.forced = self.requests
        self.noted = True

    def end_compaction(self, token: str) -> None:
        if self.compaction == token:
            self._settle(again=True)

    def _settle(self, *, again: bool) -> None:
        self.compaction = None
        newer = self.forced != self.answered
        if not again and not newer:
            self.forced = 0
        self.noted = again or newer

    def restore(self, chapters: int | None) -> int:
        """Bring back what the newest `chapters` cover, and tell how many those are."""
        self.apply_offer()
        count = min(len(self.chapters), chapters or len(self.chapters))
        if count:
            del self.chapters[-count:]
            self.restored, self.applied = True, None
            self.compaction, self.forced, self.noted = None, 0, False
        return count

    def write_back(self, change: Change, *, again: bool) -> str:
        if self.applied == change.token:
            return "applied"
        if self.offer and self.offer.token == change.token:
            return "offered"
        stale = self.compaction != change.token or self.watermark != change.start
        if stale or (self.offer and self.offer.start == change.start):
            result = "discarded"
        elif self.holder is None:
            self._apply(change)
            result = "applied"
        else:
            self.offer = change
            result = "offered"
        if self.compaction == change.token:
            self._settle(again=again)
        return result

    def apply_offer(self) -> None:
        if self.offer and self.offer.start == self.watermark:
            self._apply(self.offer)
        self.noted = self.noted or bool(self.offer and self.forced)
        self.offer = None

    def _apply(self, change: Change) -> None:
        if change.merge:
            first, count = change.merge
            merged = self.chapters[first : first + count]
            self.chapters[first : first + count] = [(merged[0][0], merged[-1][1])]
        self.chapters.append((change.start + 1, change.end))
        self.applied = change.token
        self.restored = False

    def _end(self, waiting: Waiting, status: str, token: str | None) -> None:
        self.inbox.remove(waiting)
        self.ended[waiting.reply_id] = (status, token)
