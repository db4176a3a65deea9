"""One answer on the terminal: as it comes, taken back where it begins anew, cancelled by Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from backscroll.client import Delta, Ended, Event, Reply, Session, Status, Stream, WholePart

# What a model says may hold what somebody else had it say: no escape sequence of it reaches a terminal.
_HARMLESS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")


class Screen:
    """Where answers are shown: words on standard output, and notes, dim, on standard error.

    Words that were shown cannot be taken back, so that they are shown as they come on a terminal only.
    `interrupted` tells whether the last answer was cancelled from here.
    """

    def __init__(self, as_json: bool) -> None:
        self.interrupted = False
        self._as_json = as_json
        self._live = sys.stdout.isatty() and not as_json
        self._open = False  # a line of the answer that is not at its end
        self._shown = False  # anything of this try
        self._thinking = False  # a thought was shown last

    def note(self, words: str) -> None:
        """Say something that is not the answer."""
        self._close_line()
        click.secho(words.translate(_HARMLESS), err=True, dim=True)

    def begin(self) -> None:
        """Be ready for another answer."""
        self.interrupted = self._open = self._shown = False

    def show(self, event: Event) -> None:
        """Show what an event adds to the answer."""
        match event:
            case Status(status="in_progress") if self._shown:
                self._shown = False
                self.note("(begun again)")
            case Status(status="queued", position=int(position)) if position and self._live:
                self.note(f"(behind {position} other{'s' if position > 1 else ''})")
            case Delta() if self._live:
                self._say(event)
            case WholePart() if self._live:
                self.note(_part(event.part))
                self._shown = True
            case Ended():
                self.end(event.reply)

    def end(self, reply: Reply) -> None:
        """Show how a reply ended, and all of it where it was not shown as it came."""
        self._close_line()
        if self._as_json:
            click.echo(msgspec.json.encode(reply))
        elif not self._live:
            if reply.text:
                click.echo(reply.text)
            for part in reply.parts:
                if "text" not in part:
                    self.note(_part(part))
        if reply.error is not None:
            why = reply.error.message or reply.error.code
            again = "; the same message may be sent again" if reply.error.retryable else ""
            click.echo(f"Error: {why} ({reply.error.code}){again}".translate(_HARMLESS), err=True)
        elif reply.status != "completed":
            self.note(f"({'cut off' if reply.status == 'incomplete' else reply.status})")

    def _say(self, delta: Delta) -> None:
        if delta.thought != self._thinking:
            self._close_line()
        words = delta.text.translate(_HARMLESS)
        click.echo(click.style(words, dim=True) if delta.thought else words, nl=False)
        self._open = not words.endswith("\n")
        self._shown, self._thinking = True, delta.thought

    def _close_line(self) -> None:
        if self._open:
            click.echo()
            self._open = False


def one(session: Session, stream: Stream, screen: Screen) -> Reply:
    """Show one answer to its end; an interrupt cancels it."""
    screen.begin()
    with stream:
        try:
            for event in stream:
                screen.show(event)
        except KeyboardInterrupt:
            screen.interrupted = True
            reply = session.cancel(stream.id)
            if not reply.ended:
                reply = session.wait(reply.id)
            screen.end(reply)
            return reply
    return stream.reply


def _part(part: Mapping[str, Any]) -> str:
    match part:
        case {"functionCall": {"name": str(name), **more}}:
            return f"[{name} {msgspec.json.encode(more.get('args', {})).decode()}]"
        case {"inlineData": {"mimeType": str(kind), **more}}:
            return f"[{kind}, {more.get('size', 0):,} bytes, {more.get('sha256', '')}]"
    return f"[{msgspec.json.encode(part).decode()}]"
