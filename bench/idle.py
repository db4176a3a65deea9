"""What a deployment costs that does nothing, and how long its processes take to start."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx2

from bench.deployed import Deployed, deployed, worker
from bench.row import Row, median

# A process is told by hundredths of a second.
_SECONDS = 20.0
_STARTS = 5
_TEXT = "When does the ferry to Bergen leave?"


def measure() -> list[Row]:
    """Measure rows 10 and 11."""
    with deployed() as deployment:
        httpx2.post(
            f"{deployment.url}/v1/sessions/idle/messages", json={"text": _TEXT}, headers={"Prefer": "wait=30"}
        )
        time.sleep(2)  # what is loaded after the start is loaded by now
        idle = _idle(deployment)
    with deployed("web", stub=True) as deployment:
        first = median([_first_turn(deployment, number) for number in range(_STARTS)])
    imports = median([_import() for _ in range(_STARTS)])
    return [
        idle,
        Row(
            number=11,
            measure="start of a reply worker to its first turn's end",
            ours=f"{first:.2f} s",
            against="",
            value=round(first, 2),
            bound="<=",
            goal=1.5,
            unit="s",
        ),
        Row(
            number=11,
            measure="import of the web process, its app made",
            ours=f"{imports:.2f} s",
            against="",
            value=round(imports, 2),
            bound="<=",
            goal=0.4,
            unit="s",
        ),
    ]


def _idle(deployment: Deployed) -> Row:
    names = [name for name in deployment.names() if name != "offline-model"]
    before = {name: deployment.cpu(name) for name in names}
    time.sleep(_SECONDS)
    used = {name: round((deployment.cpu(name) - before[name]) / _SECONDS * 100, 2) for name in names}
    memory = {name: round(deployment.resident(name) / 1e6) for name in names}
    return Row(
        number=10,
        measure="an idle deployment: Redis, web, a worker of each queue",
        ours=f"{sum(used.values()):.1f} % of a core, {sum(memory.values())} MB",
        against="",
        value=round(sum(used.values()), 2),
        bound="<=",
        goal=1.0,
        unit="% of a core",
        details={"cpu_percent": used, "memory_mb": memory},
    )


def _first_turn(deployment: Deployed, number: int) -> float:
    """Post a message that nobody answers yet, start a worker, and wait for the answer."""
    path = f"{deployment.url}/v1/sessions/start-{number}"
    rid = httpx2.post(f"{path}/messages", json={"text": _TEXT}).raise_for_status().json()["id"]
    program = worker("replies", number, deployment.env)
    began = time.perf_counter()
    process = subprocess.Popen(
        program.command, env=dict(program.env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        reply = httpx2.get(f"{path}/replies/{rid}", params={"wait": 60}, timeout=70).json()
        assert reply["status"] == "completed", reply
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def _import() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import web; web.create_app()"], check=True)
    return time.perf_counter() - began
