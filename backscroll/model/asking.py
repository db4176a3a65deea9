"""Asking a model until it answers: what is tried again, when, and for how long."""

from __future__ import annotations

import time

import tenacity

from backscroll import metrics
from backscroll.errors import ModelUnavailable, TransientError
from backscroll.model.port import Answer, Heard, Model, Prompt
from backscroll.model.stop import Stop

# A pause that a model asks for beyond this many seconds is no reason to hold a session and a thread.
LONG_PAUSE = 10.0


class AskedToPause(TransientError):
    """The model asks for a pause of `pause` seconds, too long to be waited out here."""

    def __init__(self, pause: float) -> None:
        super().__init__("model_rate_limited", f"the model asks for a pause of {pause:g} s", delay=pause)
        self.pause = pause


def ask(
    model: Model, prompt: Prompt, *, deadline: float, timeout: float, stop: Stop, heard: Heard | None = None
) -> Answer:
    """Get a model's answer to `prompt`.

    Transient errors are tried again: after the delay that the model named, else after an exponential one
    with full jitter, so that many sessions do not come back at the same moment.

    Args:
        model: whom to ask.
        prompt: what to ask.
        deadline: seconds for all tries together.
        timeout: seconds that the model may be silent within one try.
        stop: ends a call, or the pause between two, as soon as somebody asks for it.
        heard: who hears each try's answer while it comes.

    Raises:
        TransientError: the last one, when the deadline was over.
        ModelUnavailable: at once, where the model is known to be down.
        AskedToPause: when the model wants more than a short pause.
        PermanentError: when trying again would not help.
        BackscrollError: the reason, when somebody asked to stop.
    """
    end = time.monotonic() + deadline

    def once() -> Answer:
        left = max(0.1, end - time.monotonic())
        try:
            return model.generate(prompt, timeout=min(timeout, left), deadline=left, stop=stop, heard=heard)
        except TransientError as error:
            if error.delay is not None and error.delay > LONG_PAUSE:
                raise AskedToPause(error.delay) from None
            raise

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: (
                isinstance(error, TransientError) and not isinstance(error, AskedToPause | ModelUnavailable)
            )
        ),
        wait=_wait,
        stop=tenacity.stop_before_delay(deadline),
        sleep=stop.pause,
        before_sleep=_count,
        reraise=True,
    )(once)


def _count(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, TransientError):
        metrics.MODEL_RETRIES.labels(error.code).inc()


_backoff = tenacity.wait_random_exponential(multiplier=0.5, max=20)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, TransientError) and error.delay is not None:
        return error.delay
    return _backoff(state)
