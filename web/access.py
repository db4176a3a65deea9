"""Who is asking: every route wants a key, where keys are set, but for those that are named here."""

from __future__ import annotations

from flask import Flask, g, request

from backscroll.api_keys import ApiKeys
from backscroll.errors import Unauthorized
from backscroll.session import DEFAULT_TENANT

# Probes have no key, and who writes a client reads how before having one. None of these shows anything of a
# tenant's. `/metrics` is not among them: totals over all tenants are still no business of passers-by. Any key
# opens it, as it names no tenant; Prometheus gets one of a tenant of its own, which has no sessions.
_OPEN = frozenset({"/healthz", "/readyz", "/openapi.json", "/docs", "/docs/style.css", "/"})
_CONSOLE = "/console/"  # files of the page at /, which asks for a key itself


def register(app: Flask, keys: ApiKeys) -> None:
    """Let `app` answer only who has a key, on routes that do not exist too.

    Raises, within requests:
        Unauthorized: without one.
    """

    @app.before_request
    def let_in() -> None:
        is_open = request.path in _OPEN or request.path.startswith(_CONSOLE)
        g.tenant = _tenant(keys) if keys.required and not is_open else DEFAULT_TENANT


def tenant() -> str:
    """Name the tenant that makes this request."""
    name: str = g.tenant
    return name


def _tenant(keys: ApiKeys) -> str:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise Unauthorized("send an API key: Authorization: Bearer bsk_…")
    found = keys.tenant_of(given.token)
    if found is None:
        raise Unauthorized("there is no such API key, or no longer")
    return found
