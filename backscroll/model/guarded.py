"""A model behind breakers: one that is down is not asked by every turn until its deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from backscroll import metrics, tracing
from backscroll.breaker import Breaker
from backscroll.errors import ModelUnavailable, PermanentError, TransientError
from backscroll.model.port import Answer, Heard, Model, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import ModelSettings

# What says that nobody is there to answer. A 429 is an answer, and so is one that cannot be read.
_DOWN = frozenset({"model_unreachable", "model_unavailable", "model_timeout", "deadline"})
# Clients may name models: beyond so many, theirs are asked without a breaker.
_MOST = 64


class Guarded:
    """A model of which each name has a breaker of its own, for all sessions of the process.

    It opens when that name has failed `model_breaker_failures` times in a row, and for a quarter of a reply's
    deadline: what is over sooner is waited out by retries, and no client hears of it.
    """

    def __init__(
        self, model: Model, settings: ModelSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._model = model
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._breakers: dict[str, Breaker] = {}
        # What a model is for: in metrics and logs stands that, and no name that a client chose.
        self._roles = {
            settings.summary_model: "summary_model",
            settings.fallback_model: "fallback_model",
            settings.reply_model: "reply_model",
        }

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        """Answer `prompt`; see `Model.generate`.

        Raises:
            ModelUnavailable: while the model is known to be down; at once, but for the call let through.
        """
        with tracing.span("model", kind="client", model=prompt.model) as span:
            answer = self._generate(prompt, timeout=timeout, deadline=deadline, stop=stop, heard=heard)
            usage = answer.usage
            span.set(
                answered_by=answer.model,
                input_tokens=usage.prompt_tokens,
                output_tokens=usage.output_tokens,
            )
            return answer

    def _generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None
    ) -> Answer:
        breaker = self._breaker(prompt.model)
        if breaker is None:
            return self._measured(prompt, timeout=timeout, deadline=deadline, stop=stop, heard=heard)
        if not breaker.admits():
            raise ModelUnavailable(prompt.model)
        try:
            answer = self._measured(prompt, timeout=timeout, deadline=deadline, stop=stop, heard=heard)
        except TransientError as error:
            if error.code not in _DOWN:
                breaker.succeeded()
                raise
            breaker.failed(error.code)
            if breaker.is_open:
                # Who went through to see has seen: it need not spend the rest of its deadline on more.
                raise ModelUnavailable(prompt.model) from None
            raise
        except PermanentError:
            breaker.succeeded()
            raise
        breaker.succeeded()
        return answer

    def _measured(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None
    ) -> Answer:
        role, began = self._roles.get(prompt.model, "other_model"), time.monotonic()
        try:
            answer = self._model.generate(prompt, timeout=timeout, deadline=deadline, stop=stop, heard=heard)
        except (TransientError, PermanentError) as error:
            metrics.MODEL_ERRORS.labels(role, error.code).inc()
            raise
        metrics.MODEL_SECONDS.labels(role).observe(time.monotonic() - began)
        usage = answer.usage
        metrics.INPUT_TOKENS.labels(role).inc(usage.prompt_tokens or 0)
        metrics.CACHED_TOKENS.labels(role).inc(usage.cached_tokens or 0)
        metrics.OUTPUT_TOKENS.labels(role).inc((usage.output_tokens or 0) + (usage.thought_tokens or 0))
        return answer

    def close(self) -> None:
        """Close the model, where it can be closed."""
        close = getattr(self._model, "close", None)
        if close is not None:
            close()

    def _breaker(self, model: str) -> Breaker | None:
        with self._lock:
            room = len(self._breakers) < _MOST or model in self._roles
            if model not in self._breakers and room:
                self._breakers[model] = Breaker(
                    self._roles.get(model, "other_model"),
                    probe_interval=self._settings.model_probe_interval,
                    failures_to_open=self._settings.model_breaker_failures,
                    lasting=self._settings.reply_deadline / 4,
                    clock=self._clock,
                )
            return self._breakers.get(model)
