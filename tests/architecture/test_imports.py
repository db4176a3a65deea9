"""What a process loads, seen in a fresh one: contracts can stay green while an `__init__` pulls all in."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

from backscroll.running.embedded_redis import EmbeddedRedis


@cache
def loaded(code: str) -> set[str]:
    """Run `code` in a fresh process, once, and give the modules that it left behind."""
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "package",
    [
        "worker",
        "google",
        "google.genai",
        "celery.bin",
        "pydantic",
        "rich",
        "babel",
        "stop_words",
        "limits",
        "cryptography.hazmat",
        "opentelemetry.sdk.trace",  # redis-py loads what it can find of its metrics
        "opentelemetry.exporter",
        "pythonjsonlogger",
    ],
)
def test_a_web_process_leaves_out_what_it_does_not_need(package: str) -> None:
    assert package not in loaded("import web; web.create_app()")


def test_a_process_that_is_not_asked_for_its_description_does_not_load_it() -> None:
    assert "web.openapi" not in loaded("import web; web.create_app()")


def test_a_web_process_that_serves_has_not_loaded_the_sdk(redis_server: EmbeddedRedis) -> None:
    served = (
        "import web\n"
        "from backscroll.settings import load\n"
        f"env = {{'REDIS_URL': {redis_server.url!r}, 'BROKER_URL': {redis_server.broker_url!r}}}\n"
        "client = web.create_app(load(env)).test_client()\n"
        "posted = client.post('/v1/sessions/imports/messages', json={'text': 'hello'})\n"
        "assert posted.status_code == 202, posted.text\n"
        "for path in ('/v1/sessions/imports', posted.json['location'], '/readyz', '/metrics'):\n"
        "    assert client.get(path).status_code == 200, path\n"
        "assert client.delete('/v1/sessions/imports').status_code == 204"
    )
    found = loaded(served)
    assert "web.inline" in found
    assert not {"google", "google.genai", "pydantic", "httpx2"} & found


def test_gunicorn_reads_its_settings_before_anything_opens_a_socket() -> None:
    assert not {"redis", "flask", "celery", "ssl"} & loaded("import web.gunicorn_conf")


def test_the_package_itself_costs_next_to_nothing() -> None:
    assert not {"redis", "celery", "google.genai", "msgspec"} & loaded("import backscroll")


def test_what_tells_languages_and_number_words_is_loaded_by_nobody_before_it_compacts() -> None:
    heavy = {"py3langid", "numpy", "num2words"}
    for start in ("web; web.create_app()", "worker.celery, worker.tasks, worker.lifecycle"):
        assert not heavy & loaded(f"import {start}")
    assert not heavy & loaded("import backscroll.compaction.compact, backscroll.cli")
    judged = (
        "from backscroll.compaction.source import Source\n"
        "from backscroll.compaction.numbers import wrong_number\n"
        "wrong_number(['7'], Source(spoken=('nobody said so',), tokens=1))"
    )
    assert heavy <= loaded(judged), "the names above are still those of what is loaded"


def test_a_worker_leaves_the_web_out() -> None:
    assert not {"web", "flask"} & loaded("import worker.celery, worker.tasks, worker.lifecycle")


def test_a_worker_leaves_out_what_writes_json_and_traces_unless_it_is_told_to() -> None:
    worked = "import worker.celery, worker.tasks, worker.lifecycle, worker.edge; worker.edge._trace()"
    assert not {"opentelemetry.sdk.trace", "opentelemetry.exporter", "pythonjsonlogger"} & loaded(worked)
