"""Tracing that is off, or cannot be had, changes nothing and says so where somebody asked for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from backscroll import origin, tracing
from backscroll.origin import Origin

HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'opentelemetry':
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Hidden())
"""
WORK = """
from backscroll import tracing
tracing.set_up('web', {'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://127.0.0.1:9'})
with tracing.span('turn', parent='', session=None) as span:
    span.set(tokens=3)
    assert (tracing.here(), tracing.ids(), tracing.now()) == ('', {}, 0)
"""


def test_without_its_packages_it_says_so_and_works_on() -> None:
    done = subprocess.run([sys.executable, "-c", HIDDEN + WORK], capture_output=True, text=True, check=True)
    assert "install backscroll[otel]" in done.stderr


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "", "OTEL_TRACES_EXPORTER": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "zipkin"},
    ],
)
def test_it_is_off_where_nobody_says_where_to(environ: dict[str, str]) -> None:
    tracing.set_up("web", environ)
    assert tracing.now() == 0
    assert tracing.here() == ""


def test_an_exporter_that_is_not_there_is_named(caplog: pytest.LogCaptureFixture) -> None:
    tracing.set_up("web", {"OTEL_TRACES_EXPORTER": "zipkin"})
    assert "OTEL_TRACES_EXPORTER=zipkin is not otlp" in caplog.text


def test_an_origin_is_read_back_as_it_was_stored() -> None:
    for each in (Origin("7", "00-1-2-01"), Origin("7"), Origin()):
        assert origin.decode(origin.encode(each)) == each


@pytest.mark.parametrize("stored", [None, b"", b'{"id":"7"}', b"[7]", b"?"])
def test_what_another_version_stored_may_have_no_origin(stored: bytes | None) -> None:
    assert origin.decode(stored) == Origin()


def test_a_later_version_may_say_more_of_an_origin() -> None:
    assert origin.decode(b'["7","","more"]') == Origin("7")
