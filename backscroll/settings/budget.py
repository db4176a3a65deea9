"""Settings of the token budget and of compaction."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from backscroll.settings.kinds import Count, Group, Seconds, Tokens

# Where the window is to be measured (`auto`), and nothing has been yet.
RECENT_TURNS = 10


class BudgetSettings(Group, frozen=True, kw_only=True):
    """How much the model is sent, and when the history is compacted."""

    context_tokens: Annotated[Tokens, Meta(description="measured context that makes a compaction due")] = (
        15_000
    )
    ceiling_tokens: Annotated[
        Tokens,
        Meta(
            description="no request is ever larger than this, by what was estimated and measured; a message "
            "that would not fit beside its session's settings is refused"
        ),
    ] = 40_000
    recent_turns: Annotated[
        Count | Literal["auto"],
        Meta(
            description="newest turns that a compaction leaves verbatim; "
            "`auto` derives them, and when a compaction is due, from the measured tokens per turn"
        ),
    ] = RECENT_TURNS
    recent_tokens: Annotated[
        Tokens, Meta(description="fewer turns stay verbatim where they exceed this many tokens")
    ] = 12_000
    trigger_turns: Annotated[
        int, Meta(ge=0, description="live turns above which a compaction is due; 0: tokens alone decide")
    ] = 14
    chapter_tokens: Annotated[
        Tokens, Meta(description="the longest chapter that the summary model is asked for")
    ] = 600
    chapters_tokens: Annotated[
        Tokens,
        Meta(description="the most that all chapters have together; beyond their share, they are merged"),
    ] = 1_500
    ledger_tokens: Annotated[
        int, Meta(ge=0, description="the longest ledger of exact values and open tasks; 0 keeps none")
    ] = 2_000
    refusal_backoff: Annotated[
        Seconds, Meta(description="seconds until a refused compaction is tried again; doubles up to an hour")
    ] = 10.0
