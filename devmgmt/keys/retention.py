"""How long login codes are kept after their end, and sessions of users: until it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.core.retention import of_moment, register
from devmgmt.keys.models import LoginCode, UserSession
from devmgmt.keys.states import SESSION_LIFETIME

register(of_moment("login_codes", _("Login codes"), 1, LoginCode, "expires_at"))
register(
    of_moment(
        "user_sessions", _("Sessions of users of mini programs"), SESSION_LIFETIME.days, UserSession, "started_at"
    )
)
