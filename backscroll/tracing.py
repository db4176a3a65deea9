"""Traces, where OpenTelemetry is installed (`backscroll[otel]`) and told where to send them.

Off, a span costs one `if` and nothing is imported. On, one trace leads from the POST to the commit, over
Redis (`origin.py`), and a compaction's own is linked to what made it due. No span holds what was said.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, Protocol

from backscroll.session import Session

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

log = logging.getLogger(__name__)

Kind = Literal["internal", "server", "client", "consumer"]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
# For a batch, its retries included: so long the end of a process waits for a collector that is away.
_EXPORT_SECONDS = 3.0
# By OpenTelemetry's conventions where it has one; all else is ours.
_NAMES = {
    "model": "gen_ai.request.model",
    "answered_by": "gen_ai.response.model",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "status": "http.response.status_code",
    "error": "error.type",
}

_tracer: Tracer | None = None


class Span(Protocol):
    """What is known of a piece of work only once it is done."""

    def set(self, **attributes: Any) -> None:
        """Add attributes; one that is None is left out."""
        ...


class _Off:
    """The span of a process that traces nothing."""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def set(self, **_: Any) -> None:
        pass


_OFF = _Off()


class _On:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def set(self, **attributes: Any) -> None:
        self._span.set_attributes(_named(attributes))


def set_up(process: str, environ: Mapping[str, str]) -> None:
    """Trace from here on, if `environ` says where to.

    Once a process, at its edge, and after any fork: spans leave in batches, on a thread.

    Args:
        process: what it is, `web` or `worker`; the service's name, unless OTEL_SERVICE_NAME gives another.
        environ: OpenTelemetry's own variables. Its SDK reads the rest of them from the process's environment.
    """
    global _tracer
    otherwise = "otlp" if any(map(environ.get, _ENDPOINTS)) else "none"
    exporter = environ.get("OTEL_TRACES_EXPORTER") or otherwise
    if exporter == "none" or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    if exporter != "otlp":
        log.warning("traces are off: OTEL_TRACES_EXPORTER=%s is not otlp", exporter)
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        log.warning("traces are off: %s is missing; install backscroll[otel]", error.name)
        return
    name = environ.get("OTEL_SERVICE_NAME") or f"backscroll-{process}"
    resource = Resource.create({"service.name": name, "service.version": version("backscroll")})
    provider = TracerProvider(resource=resource)
    timeout = None if any(map(environ.get, _TIMEOUTS)) else _EXPORT_SECONDS
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout)))
    _tracer = provider.get_tracer("backscroll", version("backscroll"))


def span(
    name: str,
    *,
    parent: str | None = None,
    cause: str = "",
    kind: Kind = "internal",
    began: int = 0,
    **attributes: Any,
) -> AbstractContextManager[Span]:
    """Trace the block. An error ends its span as one, by type or code and never by its words.

    Args:
        name: what is done.
        parent: the `traceparent` under which it is done; '' begins a trace, None goes on with the one here.
        cause: the `traceparent` of what led to it, in another trace.
        kind: on which side of a call it is.
        began: when, in ns since 1970, where that was before the block.
        attributes: what is known of it; a session by its digest.
    """
    if _tracer is None:
        return _OFF
    return _span(_tracer, name, parent, cause, kind, began, attributes)


def passed(name: str, began: int) -> None:
    """Trace what began at `began`, in ns since 1970, and ends now."""
    if _tracer is not None:
        _tracer.start_span(name, start_time=began).end()


def now() -> int:
    """Give the time in ns since 1970, where that is asked for to trace; else 0."""
    return 0 if _tracer is None else time.time_ns()


def here() -> str:
    """Give the `traceparent` of the span here; '' where there is none."""
    if _tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")


def ids() -> dict[str, str]:
    """Give the ids of the trace and the span here, for lines of log."""
    if _tracer is None:
        return {}
    from opentelemetry import trace

    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(found.trace_id), "span_id": trace.format_span_id(found.span_id)}


@contextmanager
def _span(
    tracer: Tracer,
    name: str,
    parent: str | None,
    cause: str,
    kind: Kind,
    began: int,
    attributes: Mapping[str, Any],
) -> Iterator[Span]:
    from opentelemetry.trace import Link, SpanKind, StatusCode, get_current_span

    linked = get_current_span(_context(cause)).get_span_context()
    with tracer.start_as_current_span(
        name,
        context=None if parent is None else _context(parent),
        kind=SpanKind[kind.upper()],
        attributes=_named(attributes),
        links=[Link(linked)] if linked.is_valid else [],
        start_time=began or None,
        record_exception=False,
        set_status_on_exception=False,
    ) as found:
        try:
            yield _On(found)
        except BaseException as error:
            code = getattr(error, "code", None) or type(error).__name__
            found.set_attributes(_named({"error": str(code)}))
            found.set_status(StatusCode.ERROR)
            raise


def _context(traceparent: str) -> Context:
    """Read a `traceparent`; one that is none, or is wrong, leads nowhere."""
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())


def _named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _NAMES.get(name, f"backscroll.{name}"): value.digest if isinstance(value, Session) else value
        for name, value in attributes.items()
        if value is not None
    }
