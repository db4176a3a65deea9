"""What `backscroll doctor` says of a deployment."""

from __future__ import annotations

import json

from tests.stack.command import run
from tests.stack.stack import Stack


def findings(stack: Stack) -> list[tuple[str, str, str]]:
    """Give check, level and what was said of each finding; models are not asked."""
    done = run("doctor", "--json", "--no-model", env=stack.env)
    return [(found["check"], found["level"], found["said"]) for found in json.loads(done.stdout)["findings"]]
