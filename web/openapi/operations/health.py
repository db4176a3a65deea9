"""Probes, for whoever runs it."""

from __future__ import annotations

from web.openapi.operations.shared import json
from web.openapi.table import Answer, Operation, Resource

RESOURCE = Resource(
    name="Health",
    description="For whoever runs it.",
    operations=(
        Operation(
            method="get",
            path="/healthz",
            id="getHealth",
            summary="Is the process there?",
            answers=(json(200, "It is.", "Alive", example={"alive": True}),),
            open=True,
        ),
        Operation(
            method="get",
            path="/readyz",
            id="getReadiness",
            summary="Can it serve?",
            answers=(
                json(200, "It can.", "Readiness", example={"ready": True, "down": []}),
                json(503, "It cannot.", "Readiness", example={"ready": False, "down": ["store"]}),
            ),
            open=True,
        ),
        Operation(
            method="get",
            path="/metrics",
            id="getMetrics",
            summary="What was counted, for Prometheus",
            answers=(
                Answer(
                    status=200, description="The counters.", content="text/plain", schema={"type": "string"}
                ),
            ),
            problems=("unauthorized",),
        ),
    ),
)
