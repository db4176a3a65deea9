"""Every code that a problem document may have: its status, and what it tells the client to do."""

from __future__ import annotations

import msgspec


class Code(msgspec.Struct, frozen=True):
    """One code of problem documents."""

    code: str
    status: int
    meaning: str


CODES: dict[str, Code] = {
    each.code: each
    for each in (
        Code("malformed", 400, "The body cannot be read: it is no JSON, or nested too deeply."),
        Code("bad_request", 400, "This is no request that can be read."),
        Code("unauthorized", 401, "There is no API key with the request, or none that is known."),
        Code("not_found", 404, "There is no such thing, or it belongs to somebody else."),
        Code("method_not_allowed", 405, "The path takes other methods: `Allow` lists them."),
        Code("session_busy", 409, "A turn is in work. Come back after `Retry-After`."),
        Code("too_large", 413, "The body, or the `field`, is larger than the limit that `detail` names."),
        Code("media_full", 413, "The session has no room for these media; messages without new ones go on."),
        Code("uri_too_long", 414, "The path and its query are too long."),
        Code("unsupported_media_type", 415, "Send JSON, with `Content-Type: application/json`."),
        Code("invalid_request", 422, "The `field` holds a value that is not accepted."),
        Code("idempotency_key_reused", 422, "The `Idempotency-Key` was used for another message."),
        Code("inbox_full", 429, "Too many messages wait in the session. Come back after `Retry-After`."),
        Code("rate_limited", 429, "Too many requests in this minute. Come back after `Retry-After`."),
        Code(
            "too_many_sessions", 429, "As many sessions as the key may have; delete some, or let them expire."
        ),
        Code("token_budget_spent", 429, "The day's tokens are spent. Come back after `Retry-After`."),
        Code("headers_too_large", 431, "The headers are too many, or too long."),
        Code("internal_error", 500, "A bug of ours, with a line in the log."),
        Code("store_unavailable", 503, "The history store does not serve. Come back after `Retry-After`."),
        Code("sealed", 503, "What is stored is encrypted with a key that this process does not have."),
    )
}

# Whatever is asked, and wherever.
OF_ALL = ("bad_request", "uri_too_long", "headers_too_large", "internal_error")
# Of what is asked of a session.
OF_SESSIONS = ("unauthorized", "not_found", "invalid_request", "rate_limited", "store_unavailable", "sealed")
# Of what has a body.
OF_BODIES = ("malformed", "too_large", "unsupported_media_type")
