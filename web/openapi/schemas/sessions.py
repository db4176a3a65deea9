"""A session's state, and what is done to it; and whether the process can serve."""

from __future__ import annotations

from web.openapi.schemas.forms import (
    anything,
    counts,
    listed,
    nullable,
    number,
    one_of,
    record,
    text,
    time,
    truth,
)
from web.openapi.schemas.replies import STATUSES
from web.openapi.table import Schema, ref

SCHEMAS: dict[str, Schema] = {
    "Session": record(
        "A session without its messages.",
        session=text("its name"),
        messages=number("of the whole transcript"),
        turns=number("completed"),
        watermark=number("the highest seq that chapters stand for"),
        context_tokens=number("of the context as it would be sent"),
        budget=record(
            "What a context may have.",
            context_tokens=number("that make a compaction due"),
            ceiling_tokens=number("that no request exceeds"),
            trigger_turns=number("live turns above which a compaction is due; 0: tokens alone decide"),
            recent_turns={
                "anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}],
                "description": "turns that a compaction leaves verbatim",
            },
        ),
        chapters=listed("ChapterHead"),
        pending=listed(text(), "ids of the replies that wait or are in work, in order"),
        replies=listed(
            record(
                id=text(),
                status=one_of("", *STATUSES),
                created_at=time(""),
                finished_at=nullable(time("")),
                location=text("the path of the reply"),
                events=text("the path of its events"),
            ),
            "the newest ones, newest first",
        ),
        in_work=truth("whether a turn is being answered"),
        compaction=one_of("whether one is to be made", "due", "none"),
        compactions=record(
            "What compactions did and cost.",
            done=number(),
            refused=number("chapters that the gate did not let pass"),
            refused_by_reason=counts(""),
            discarded=number("those that came too late"),
            summary_calls=number(),
            summary_input_tokens=number(),
            summary_output_tokens=number(),
            tokens_saved=number("taken out of the context"),
        ),
        stale_writes=number("refused, because the writer had lost the session meanwhile"),
        created_at=time(""),
        expires_in={"type": "number", "description": "seconds"},
        settings=ref("Settings"),
    ),
    "Settings": record(
        "What was set for the session; what is as if never set is left out.",
        optional=(
            "model",
            "system_instruction",
            "generation_config",
            "safety_settings",
            "tools",
            "tool_config",
            "ttl",
        ),
        model=text("who answers"),
        system_instruction=text("told to the model before everything else"),
        generation_config=anything("as Gemini has it"),
        safety_settings=listed(anything("as Gemini has it")),
        tools=listed(anything("as Gemini has it")),
        tool_config=anything("as Gemini has it"),
        ttl={"type": "number", "description": "seconds from the last access until the session expires"},
    ),
    "Compacting": record(
        "A compaction was asked for.", session=text("its name"), compaction=one_of("", "queued")
    ),
    "Restored": record(
        "What came back into the context, and what it is now.",
        optional=("reason",),
        session=text("its name"),
        chapters_restored=number(),
        messages_restored=number(),
        watermark=number("the highest seq that chapters stand for now"),
        context_tokens=number(),
        reason=one_of("why nothing came back", "budget", "nothing_compacted"),
    ),
    "Alive": record("The process is there.", alive={"const": True}),
    "Readiness": record(
        "Whether the process can serve.",
        ready=truth(),
        down=listed(text("`store`, `broker`"), "what it cannot reach; without the broker it serves"),
    ),
}
