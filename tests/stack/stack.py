"""A deployment for tests: web and workers as real processes on one Redis and one offline model."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import redis as redis_py

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.databases import connect
from tests.stack.marked import API_KEY, leaked
from tests.stack.offline import OfflineModel
from tests.stack.processes import Process, free_port

# Short, so that a test of recovery takes seconds; production's defaults stand in backscroll/settings.py.
QUICK = {
    "BACKSCROLL_LOCK_LEASE": "3",
    "BACKSCROLL_RING_GRACE": "1",
    "BACKSCROLL_SWEEP_INTERVAL": "0.25",
    "BACKSCROLL_REFUSAL_BACKOFF": "0.5",
    "BACKSCROLL_SHUTDOWN_GRACE": "3",
}


class Web(NamedTuple):
    """A web process, and a client of it."""

    process: Process
    port: int
    api: Api


class Stack:
    """Where the processes are, and the means to start, kill and stop them."""

    def __init__(
        self, directory: Path, redis_url: str, broker_url: str, model: OfflineModel, **env: str
    ) -> None:
        self.directory = directory
        self.model = model
        self.spool = directory / "spool"
        self.env = {
            "REDIS_URL": redis_url,
            "BROKER_URL": broker_url,
            "GEMINI_API_KEY": API_KEY,
            "GOOGLE_GEMINI_BASE_URL": model.url,
            "BACKSCROLL_SPOOL_DIR": str(self.spool),
            **QUICK,
            **env,
        }
        self.processes: list[Process] = []
        self.apis: dict[int, Api] = {}

    def start(self, *queues: str) -> Api:
        """Start a web process, and a worker of each of the queues; of every queue by default."""
        workers = [self._worker(queue) for queue in queues or ("replies", "compaction")]
        api = self.web()
        for worker in workers:
            worker.until_says("ready.")
        return api

    def web(self, **env: str) -> Api:
        """Start a web process and wait until it can serve."""
        port = free_port()
        self.web_process(port, **env)
        return self._api(port)

    def _api(self, port: int) -> Api:
        if port not in self.apis:
            self.apis[port] = Api(f"http://127.0.0.1:{port}")
        return self.apis[port]

    def web_process(self, port: int, **env: str) -> Process:
        """Start a web process on `port`, and return it when it can serve."""
        process = self.run(f"web-{port}", ["gunicorn", "web:create_app()"], **_bind(port), **env)
        with closing(Api(f"http://127.0.0.1:{port}")) as api:

            def ready() -> bool:
                assert process.running, f"web ended with {process.exit_code}:\n{process.output}"
                return api.ready()

            until("the web process can serve", ready)
        return process

    def worker(self, queue: str, **env: str) -> Process:
        """Start a worker of `queue` and wait until it is ready."""
        process = self._worker(queue, **env)
        process.until_says("ready.")
        return process

    def _worker(self, queue: str, **env: str) -> Process:
        name = f"{queue}-{uuid4().hex[:6]}"
        command = ["celery", "-A", "worker", "worker", "-Q", queue, "-n", f"{name}@test", "-l", "INFO"]
        return self.run(name, command, **env)

    def have_workers(self, queue: str, count: int, **env: str) -> list[Process]:
        """Have so many workers of `queue` run, with these settings, and return them.

        Those that run already are kept: a deployment that many tests kill costs each of them what it killed.
        """
        running = [each for each in self.processes if each.running and each.name.startswith(f"{queue}-")]
        kept = [each for each in running if each.env == {**self.env, **env}][:count]
        for each in running:
            if each not in kept:
                each.terminate()
                assert each.ended(), f"{each.name} did not stop when told to"
        return kept + [self.worker(queue, **env) for _ in range(count - len(kept))]

    def have_web(self) -> Web:
        """Have a web process run, one that runs already if there is one, and return it."""
        for process in self.processes:
            port = int(process.name.removeprefix("web-")) if process.name.startswith("web-") else 0
            if process.running and process.env == {**self.env, **_bind(port)}:
                return Web(process, port, self._api(port))
        port = free_port()
        return Web(self.web_process(port), port, self._api(port))

    def broker(self) -> redis_py.Redis:
        """Connect to the broker's database, to see or to lose its messages."""
        return connect(self.env["BROKER_URL"])

    def run(self, name: str, command: list[str], **env: str) -> Process:
        """Start any command of the deployment's; `stop` ends it."""
        log = self.directory / f"{name}-{len(self.processes)}.log"
        process = Process(name, command, {**self.env, **env}, log)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """Stop every process that still runs; none may have logged what was said, or the model's key."""
        for api in self.apis.values():
            api.close()
        for process in self.processes:
            process.terminate()
        # Each is seen to its end, also where one of them does not behave.
        late = [process.name for process in self.processes if not process.ended()]
        assert not late, f"did not stop when told to: {late}; see their logs in {self.directory}"
        found = {process.name: leaked(process.output) for process in self.processes}
        assert not any(found.values()), f"texts or keys in logs: {found}; see {self.directory}"


def _bind(port: int) -> dict[str, str]:
    return {"BACKSCROLL_BIND": f"127.0.0.1:{port}"}
