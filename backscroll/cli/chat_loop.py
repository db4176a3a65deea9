"""Message after message at a prompt, until Ctrl-D."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from backscroll.cli.chat_answer import Screen, one
from backscroll.client import Session, SessionState, Stream
from backscroll.errors import BackscrollError, NotFound


def instruct(session: Session, words: str) -> None:
    """Set the system instruction of a session, and leave its other settings as they are."""
    settings = _state(session).settings
    session.configure(**(msgspec.to_builtins(settings) | {"system_instruction": words}))


def talk(session: Session, model: str | None, screen: Screen) -> None:
    """Ask for messages and show their answers."""
    with suppress(ImportError):
        import readline  # noqa: F401  # what `input` edits lines with, where there is one
    state = _state(session)
    held = f"{state.messages:,} messages" if state.messages else "no messages yet"
    screen.note(f"{session.name}: {held}. Ctrl-C cancels an answer, Ctrl-D leaves.")
    for reply_id in state.pending:
        screen.note("(still in work)")
        _answer(session, session.events(reply_id, timeout=None), screen)
    while True:
        try:
            said = input("> ")
        except KeyboardInterrupt:
            screen.note("")
        except EOFError:
            screen.note("")
            return
        else:
            if said.strip():
                _answer(session, session.stream(said, model=model, timeout=None), screen)


def _answer(session: Session, stream: Stream, screen: Screen) -> None:
    try:
        one(session, stream, screen)
    except KeyboardInterrupt:
        screen.note("(stopped; the message may have been accepted)")
    except BackscrollError as error:
        screen.note(f"Error: {error.message}")


def _state(session: Session) -> SessionState:
    try:
        return session.state()
    except NotFound:
        return SessionState()
