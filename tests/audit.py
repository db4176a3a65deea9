"""Known weaknesses in what is installed: asked of the advisory service for everything in the lock files.

    python -m tests.audit --patience 60

It fails when there are any. Where the service cannot be reached it says so, and does not fail: whoever works
without a network is not kept from checking the rest.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

ROOT = Path(__file__).parents[1]
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-dev.lock")

# pip-audit asks for one package after the other: some at a time take a few seconds instead of half a minute.
_AT_A_TIME = 4
_PINNED = re.compile(r"^([A-Za-z0-9._-]+==[^ ;\\]+)", re.MULTILINE)


def pinned(locks: Iterable[Path] = LOCKS) -> list[str]:
    """List what the lock files pin, for whatever platform."""
    return sorted({found for lock in locks for found in _PINNED.findall(lock.read_text(encoding="utf-8"))})


def audit(packages: list[str], directory: Path, patience: float, *options: str) -> Iterator[dict[str, Any]]:
    """Ask about packages, each written as `name==version`; yield those of which something was learned.

    Args:
        packages: what to ask about.
        directory: where to leave files for pip-audit.
        patience: seconds after which what has not been answered stays unknown.
        options: more of pip-audit's own.
    """
    deadline = time.monotonic() + patience
    running = []
    for number in range(min(_AT_A_TIME, len(packages))):
        asked = directory / f"{number}.txt"
        asked.write_text("\n".join(packages[number::_AT_A_TIME]), encoding="utf-8")
        command = ["pip-audit", "-s", "osv", "-f", "json", "-r", str(asked), "--no-deps", "--disable-pip"]
        command = [sys.executable, "-m", "pip_audit", *command[1:], "--progress-spinner", "off", *options]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
    for process in running:
        try:
            said, _ = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        if said.startswith(b"{"):
            yield from (each for each in json.loads(said)["dependencies"] if "skip_reason" not in each)


@click.command()
@click.option("--patience", default=60.0, show_default=True, help="Seconds to wait for the advisory service.")
@click.option("--osv-url", help="Another advisory service that speaks OSV's protocol.")
def main(patience: float, osv_url: str | None) -> None:
    """Ask for known weaknesses in what the lock files pin."""
    packages = pinned()
    with TemporaryDirectory() as name:
        options = ["--osv-url", osv_url] if osv_url else []
        known = list(audit(packages, Path(name), patience, *options))
    if len(known) < len(packages):
        missing = f"{len(packages) - len(known)} of {len(packages)}"
        click.secho(
            f"WARNING: advisories could not be fetched for {missing} packages; nothing is known about them.",
            fg="yellow",
        )
    weak = [each for each in known if each["vulns"]]
    for each in weak:
        for found in each["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "nothing yet"
            click.secho(f"{each['name']} {each['version']}: {found['id']}, fixed in {fixed}", fg="red")
    click.echo(f"{len(known)} packages audited, {len(weak)} with known weaknesses")
    sys.exit(1 if weak else 0)


if __name__ == "__main__":
    main()
