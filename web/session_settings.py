"""Reading the settings that a client puts for a session: their form and size, not their sense.

What a model, a tool or an option means, only the model's provider knows; what it does not take, it says in
the reply of the next turn.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from flask import Request

from backscroll.errors import TooLarge
from backscroll.messages import tokens
from backscroll.session_settings import SessionSettings, encode_settings
from backscroll.settings import Settings
from web.parts import check_depth
from web.reading import MODEL, read_body

_LONGEST_TTL = 365 * 86_400

Objects = Annotated[list[dict[str, Any]], msgspec.Meta(max_length=128)]


class SettingsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a session as a client puts them; what is left out, or null, is as if never set."""

    model: Annotated[str, msgspec.Meta(pattern=MODEL)] | None = None
    system_instruction: str | None = None
    generation_config: dict[str, Any] | None = None
    safety_settings: Objects | None = None
    tools: Objects | None = None
    tool_config: dict[str, Any] | None = None
    ttl: Annotated[float, msgspec.Meta(ge=1, le=_LONGEST_TTL)] | None = None


def read(request: Request, deployment: Settings) -> SessionSettings:
    """Read the settings out of a request.

    Raises:
        Malformed: when the body is no JSON.
        InvalidRequest: when a field is unknown, or not of its form.
        TooLarge: when all of it together is too large to be sent along with every turn.
    """
    body = read_body(request, SettingsBody)
    for name in ("generation_config", "safety_settings", "tools", "tool_config"):
        check_depth(getattr(body, name) or {}, name)
    settings = SessionSettings(
        model=body.model,
        system_instruction=body.system_instruction or None,
        generation_config=body.generation_config or {},
        safety_settings=tuple(body.safety_settings or ()),
        tools=tuple(body.tools or ()),
        tool_config=body.tool_config or {},
        ttl=body.ttl,
    )
    size, most = len(encode_settings(settings)), _most(deployment)
    if size > most:
        raise TooLarge("body", f"the settings have {size:,} bytes of JSON; at most {most:,} are accepted")
    return settings


def _most(deployment: Settings) -> int:
    """Tell how many bytes settings may have: a message of the largest size still fits beside them."""
    limits, ceiling = deployment.web, deployment.budget.ceiling_tokens
    return min(limits.settings_bytes, ceiling * tokens.BYTES_A_TOKEN - limits.message_bytes)
