"""What is said in the benchmarks: made up by a seed, no two messages alike, as long as is asked for."""

from __future__ import annotations

import random

_PLACES = ("Bergen", "Oslo", "Tromsø", "Ålesund", "Bodø", "Stavanger", "Molde", "Florø", "Narvik", "Kirkenes")
_THINGS = (
    "the ferry",
    "our berth",
    "the car",
    "the luggage",
    "breakfast",
    "the harbour",
    "a refund",
    "the guide",
)
_WORDS = (
    *(
        "leaves",
        "arrives",
        "costs",
        "waits",
        "changes",
        "stays",
        "needs",
        "takes",
        "before",
        "after",
        "without",
    ),
    *(
        "because",
        "while",
        "perhaps",
        "early",
        "late",
        "tomorrow",
        "again",
        "cheaper",
        "quieter",
        "window",
        "deck",
    ),
    *("cabin", "ticket", "weather", "price", "question", "answer", "other", "same", "next", "last"),
)


def say(seed: int, letters: int) -> str:
    """Give a message of about `letters` letters."""
    rng = random.Random(seed)
    said = f"{rng.choice(_THINGS).capitalize()} in {rng.choice(_PLACES)}, number {rng.randrange(1000, 9999)}:"
    while len(said) < letters:
        said += f" {rng.choice(_WORDS)}" if rng.random() < 0.9 else f" {rng.choice(_THINGS)}."
    return said[:letters]
