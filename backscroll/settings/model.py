"""Settings of the models."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from backscroll.settings.kinds import MIB, Bytes, Count, Group, Seconds, Tokens


class ModelSettings(Group, frozen=True, kw_only=True):
    """Which models answer and summarise, and how long they may take."""

    api_key: Annotated[str, Meta(description="Gemini's API key")] = ""
    base_url: Annotated[str, Meta(description="Gemini's address, where it is not Google's own")] = ""
    reply_model: Annotated[str, Meta(min_length=1, description="the model that answers")] = "gemini-3.5-flash"
    summary_model: Annotated[
        str, Meta(min_length=1, description="the model that summarises; a cheap one")
    ] = "gemini-3.5-flash"
    summary_tier: Annotated[
        Literal["standard", "flex"],
        Meta(description="`flex`: summaries at half the price, served when there is room"),
    ] = "standard"
    summary_tokens: Annotated[
        Tokens, Meta(description="largest input of one summary; a longer range is summarised in parts")
    ] = 30_000
    fallback_model: Annotated[
        str, Meta(description="asked once more where the reply model's deadline ran out; empty: none")
    ] = ""
    reply_deadline: Annotated[Seconds, Meta(description="seconds for a reply, all tries together")] = 120.0
    attempt_timeout: Annotated[
        Seconds, Meta(description="seconds that one call may be silent before it is tried again")
    ] = 60.0
    summary_deadline: Annotated[
        Seconds, Meta(description="seconds for a summary, all its parts and tries together")
    ] = 120.0
    max_output_tokens: Annotated[int, Meta(ge=0, description="limit of one answer; 0: the model's own")] = 0
    request_media_bytes: Annotated[
        Bytes,
        Meta(
            description="the most media in one request, before base64; "
            "of more, the newest are sent. Gemini takes 20 MB a request"
        ),
    ] = 14 * MIB
    model_breaker_failures: Annotated[
        Count,
        Meta(
            description="calls in a row that a model fails, for a quarter of REPLY_DEADLINE and more, "
            "until further ones fail at once"
        ),
    ] = 5
    model_probe_interval: Annotated[
        Seconds, Meta(description="seconds after which one call is let through to a model that is down")
    ] = 5.0
