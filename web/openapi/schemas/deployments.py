"""The deployment as its operators' page shows it."""

from __future__ import annotations

from web.openapi.schemas.forms import counts, listed, nullable, number, one_of, record, text, time
from web.openapi.table import Schema

_SECONDS = {"type": "number", "minimum": 0}

SCHEMAS: dict[str, Schema] = {
    "Deployment": record(
        "What waits, who works, what it has cost. What cannot be read is null.",
        at=time("when"),
        down=listed(one_of("", "store", "broker")),
        milliseconds=record(
            "How long they took to answer.",
            store=nullable(dict(_SECONDS)),
            broker=nullable(dict(_SECONDS)),
        ),
        work=nullable(
            record(
                "What waits at the moment; ages are in seconds, null where nothing waits.",
                sessions=number("with replies that have not ended"),
                locked=number("of them, with a turn in work"),
                replies=number("that have not ended"),
                oldest_reply=nullable(dict(_SECONDS)),
                compactions=number("due or in work"),
                lag=nullable(dict(_SECONDS)),
            )
        ),
        queues=nullable(counts("bells that no worker has taken yet, by queue")),
        workers=nullable(
            listed(
                record(
                    name=text(),
                    version=text(),
                    queues=listed(text()),
                    clock=time("the worker's own"),
                    seen=time("when it signed the roll, by Redis' clock"),
                ),
                "those that signed the roll lately",
            )
        ),
        totals=nullable(
            record(
                "Since the meter was last forgotten.",
                turns=number("that were measured"),
                tokens_per_turn=nullable(number()),
                compactions=number(),
                refused=counts("summaries, by reason"),
                discarded=number(),
                summary_calls=number(),
                summary_input_tokens=number(),
                summary_output_tokens=number(),
                tokens_saved=number("taken out of contexts"),
            )
        ),
    ),
}
