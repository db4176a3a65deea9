"""All operations of the API, in the order in which one gets to know them."""

from __future__ import annotations

from backscroll.settings import WebSettings
from web.openapi.operations import (
    compactions,
    console,
    deployment,
    description,
    health,
    media,
    messages,
    replies,
    sessions,
)
from web.openapi.table import Resource


def resources(limits: WebSettings) -> tuple[Resource, ...]:
    """Give the table, with the limits of this deployment."""
    return (
        messages.resource(limits),
        replies.resource(limits),
        sessions.RESOURCE,
        compactions.RESOURCE,
        media.RESOURCE,
        health.RESOURCE,
        deployment.RESOURCE,
        console.RESOURCE,
        description.RESOURCE,
    )
