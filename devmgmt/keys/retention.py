"""How long login codes are kept after their end."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.core.retention import of_moment, register
from devmgmt.keys.models import LoginCode

register(of_moment("login_codes", _("Login codes"), 1, LoginCode, "expires_at"))
