"""What bodies look like, both ways."""

from __future__ import annotations

from backscroll.settings import WebSettings
from web.openapi.schemas import bodies, deployments, histories, problems, replies, sessions
from web.openapi.table import Schema


def schemas(limits: WebSettings) -> dict[str, Schema]:
    """Give every schema by its name, with the limits of this deployment."""
    return {
        **bodies.schemas(limits),
        **replies.SCHEMAS,
        **histories.SCHEMAS,
        **sessions.SCHEMAS,
        **deployments.SCHEMAS,
        **problems.SCHEMAS,
    }
