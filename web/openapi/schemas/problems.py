"""Errors: RFC 9457 problem documents."""

from __future__ import annotations

from web.openapi.codes import CODES
from web.openapi.schemas.forms import number, one_of, record, text
from web.openapi.table import Schema

SCHEMAS: dict[str, Schema] = {
    "Problem": record(
        "What is wrong, after RFC 9457. Programs go by `code`, people by `detail`.",
        optional=("field",),
        title=text("the kind of error, for people"),
        status=number("as in the response", least=400),
        code=one_of("stable, for programs", *CODES),
        detail=text("what is wrong this time"),
        field=text("the place in the request that is wrong: a field, a header, a parameter"),
    )
}
