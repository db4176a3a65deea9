"""Settings that have to fit one another."""

from __future__ import annotations

from backscroll.errors import InvalidSetting
from backscroll.settings.budget import BudgetSettings
from backscroll.settings.encryption import encryption_keys
from backscroll.settings.model import ModelSettings
from backscroll.settings.names import variable
from backscroll.settings.store import StoreSettings
from backscroll.settings.web import WebSettings


def check(budget: BudgetSettings, model: ModelSettings, store: StoreSettings, web: WebSettings) -> None:
    """Refuse values that are each fine alone and wrong together.

    Raises:
        InvalidSetting: for the first that is.
    """
    if budget.ceiling_tokens < budget.context_tokens:
        raise InvalidSetting(variable("ceiling_tokens"), "must not be below BACKSCROLL_CONTEXT_TOKENS")
    if isinstance(budget.recent_turns, int) and 0 < budget.trigger_turns < budget.recent_turns:
        raise InvalidSetting(variable("trigger_turns"), "must not be below BACKSCROLL_RECENT_TURNS, or be 0")
    if store.compaction_lease <= model.summary_deadline:
        raise InvalidSetting(variable("compaction_lease"), "must be above BACKSCROLL_SUMMARY_DEADLINE")
    if web.message_bytes // 2 > budget.ceiling_tokens:
        # A token is seldom less than two bytes: a message that alone could break the ceiling stays out. What
        # a session sets goes along: it leaves room for a message (web/session_settings.py), and each message
        # is weighed with what is set when it is accepted (lua/submit.lua), and when it is sent.
        raise InvalidSetting(
            variable("message_bytes"),
            "must not be above twice BACKSCROLL_CEILING_TOKENS, or a message could not be sent",
        )
    encryption_keys(store.encryption_keys)
    _check_media(model, store, web)


def _check_media(model: ModelSettings, store: StoreSettings, web: WebSettings) -> None:
    """Refuse limits by which media of an accepted message could not be posted, kept or sent."""
    if web.body_bytes < -(-web.media_bytes // 3) * 4 + web.message_bytes:
        raise InvalidSetting(
            variable("body_bytes"), "must hold four thirds of BACKSCROLL_MEDIA_BYTES, and a message"
        )
    for name, most in (
        ("session_media_bytes", store.session_media_bytes),
        ("request_media_bytes", model.request_media_bytes),
    ):
        if most < web.media_bytes:
            raise InvalidSetting(variable(name), "must not be below BACKSCROLL_MEDIA_BYTES")
