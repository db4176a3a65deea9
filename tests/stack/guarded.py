"""A Redis whose users may do what deploy/redis-users.acl allows them, and what its administrator sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis as redis_py

from backscroll.running import embedded_redis
from tests.stack.processes import ROOT

RULES = ROOT / "deploy" / "redis-users.acl"
PASSWORD = "pass/word"


class Guarded:
    """A server in `folder`, its users by the file and with a password. All use database 1."""

    def __init__(self, folder: Path) -> None:
        self._server = embedded_redis.start(folder, fsync="no")
        self.admin = redis_py.Redis.from_url(self._server.url.replace("db=0", "db=1"), decode_responses=True)
        for line in RULES.read_text(encoding="utf-8").splitlines():
            self._tell(*line.split())
        for user in self._users():
            self._tell("ACL", "SETUSER", user, f">{PASSWORD}")
        self._tell("CONFIG", "RESETSTAT")

    def url(self, user: str) -> str:
        """Give the URL by which `user` comes, as redis-py spells it."""
        return self._server.url.replace("unix://", f"unix://{user}:{quote(PASSWORD, safe='')}@", 1).replace(
            "db=0", "db=1"
        )

    def broker_url(self, user: str) -> str:
        """Give the URL by which `user` comes, as Celery spells it."""
        return self.url(user).replace("unix", "redis+socket", 1).replace("?db", "?virtual_host")

    def refused(self) -> set[tuple[str, str, str]]:
        """Name what users were refused: who, of which kind, and what."""
        return {(each["username"], each["reason"], each["object"]) for each in self._tell("ACL", "LOG", 128)}

    def listened_to(self, reply_id: str) -> bool:
        """Tell whether somebody listens to a reply's events."""
        return bool(self._tell("PUBSUB", "CHANNELS", f"*:events:{reply_id}"))

    def unused(self, *users: str) -> set[str]:
        """Name the commands that these users are allowed and that nobody has called."""
        allowed = set[str]()
        for user in users:
            rules = self._tell("ACL", "GETUSER", user)["commands"].split()
            allowed |= {rule[1:] for rule in rules if rule.startswith("+")}
        used = self.admin.info("commandstats")
        return {command for command in allowed if f"cmdstat_{command}" not in used}

    def stop(self) -> None:
        self.admin.close()
        self._server.stop()

    def _users(self) -> list[str]:
        return [user for user in self._tell("ACL", "USERS") if user != "default"]

    def _tell(self, *words: Any) -> Any:
        return self.admin.execute_command(*words)


@contextmanager
def guarded(folder: Path) -> Iterator[Guarded]:
    """Have a guarded server while the block runs."""
    found = Guarded(folder)
    try:
        yield found
    finally:
        found.stop()
