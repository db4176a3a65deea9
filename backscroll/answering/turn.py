"""One turn: its prompt, the model's answer, and how the turn ends."""

from __future__ import annotations

import logging
import time

import msgspec

from backscroll.answering.context import build_prompt, of_settings, sends_all
from backscroll.answering.lease import Lease
from backscroll.answering.media import with_media
from backscroll.compaction.plan import is_due
from backscroll.compaction.window import Window
from backscroll.errors import HandedBack, PermanentError, Sealed, TransientError
from backscroll.messages import tokens
from backscroll.messages.media import detach
from backscroll.messages.message import Message
from backscroll.model.asking import AskedToPause, ask
from backscroll.model.port import Answer, Heard, Model, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import Settings
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError
from backscroll.store.turns import SEALED_PAUSE, Completed, Turn

log = logging.getLogger(__name__)


class Pause(msgspec.Struct, frozen=True):
    """The turn is to be taken up again after `seconds`; 0: at once, by somebody else."""

    seconds: float


Outcome = Completed | ReplyError | Pause


def work(
    turn: Turn,
    store: Store,
    model: Model,
    settings: Settings,
    lease: Lease,
    window: Window,
    heard: Heard | None = None,
) -> Outcome:
    """Answer a turn from its context as it stands; `window` tells whether a compaction is due then.

    `heard` hears the answer while it comes.

    Raises:
        LeaseLost: when the session passed to somebody else meanwhile.
        StoreUnavailable: when the media that the context refers to cannot be had.
    """
    try:
        prompt = build_prompt(turn, settings)
        prompt = with_media(store, turn.session, prompt, settings.model.request_media_bytes)
    except PermanentError as error:
        return ReplyError(error.code, error.message, retryable=False)
    except Sealed as error:
        log.error("put off: reply=%s %s", turn.reply_id, error.message)  # noqa: TRY400  (no fault of the code)
        return Pause(SEALED_PAUSE)
    try:
        answered, said = answer(prompt, model, settings, lease, heard)
    except HandedBack:
        return Pause(0.0)
    except AskedToPause as error:
        return Pause(error.pause)
    except TransientError as error:
        return ReplyError(error.code, error.message, retryable=True)
    except PermanentError as error:
        return ReplyError(error.code, error.message, retryable=False)
    return _completed(turn, answered, said, window)


def answer(
    prompt: Prompt, model: Model, settings: Settings, stop: Stop, heard: Heard | None = None
) -> tuple[Prompt, Answer]:
    """Give the answer, and what was asked in the end: the fallback model's signatures are its own.

    Raises:
        TransientError: when the model did not answer within the reply's deadline, and the fallback neither.
        AskedToPause: when it wants more than a short pause.
        PermanentError: when it will not answer this.
        BackscrollError: the reason, when somebody asked to stop.
    """
    limits = settings.model
    try:
        return prompt, ask(
            model,
            prompt,
            deadline=limits.reply_deadline,
            timeout=limits.attempt_timeout,
            stop=stop,
            heard=heard,
        )
    except AskedToPause:
        raise
    except TransientError:
        if limits.fallback_model in ("", prompt.model):
            raise
        other = msgspec.structs.replace(prompt, model=limits.fallback_model)
        silence = limits.attempt_timeout
        deadline = limits.reply_deadline
        return other, model.generate(other, timeout=silence, deadline=deadline, stop=stop, heard=heard)


def _completed(turn: Turn, prompt: Prompt, answer: Answer, window: Window) -> Completed:
    size = _size(prompt, answer)
    # The two messages of this turn are not in the snapshot that the claim gave, but count.
    now = int(time.time() * 1000)
    parts, media = detach(answer.parts)
    messages = (
        *turn.context.messages,
        Message(seq=turn.context.last + 1, role="user", ts=turn.accepted_at, parts=turn.request),
        Message(seq=turn.context.last + 2, role="model", ts=now, parts=parts),
    )
    return Completed(
        parts=parts,
        media=media,
        model=answer.model,
        asked=prompt.model,
        usage=answer.usage,
        tokens=size,
        measured=answer.usage.prompt_tokens is not None and sends_all(turn, prompt),
        complete=answer.finish == "stop",
        compaction_due=is_due(messages, size, _for_turn(window, turn)),
        finished_at=now,
    )


def _for_turn(window: Window, turn: Turn) -> Window:
    # What somebody has brought back stays until the context is too large: not until the next turn only.
    return msgspec.structs.replace(window, trigger_turns=0) if turn.context.restored else window


def _size(prompt: Prompt, answer: Answer) -> int:
    """Give the tokens of what was said until now: as counted by the model, else as estimated.

    A session's settings are sent too, but are no part of what a compaction could make smaller.
    """
    sent, said = answer.usage.prompt_tokens, answer.usage.output_tokens
    if sent is None:
        sent = sum(tokens.of_parts(content.parts) for content in prompt.contents)
    else:
        sent = max(0, sent - of_settings(prompt.settings))
    return sent + (said if said is not None else tokens.of_parts(answer.parts))
