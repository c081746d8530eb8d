"""How long login codes are kept after their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.base.core.retention import Kind, Place, by_time, register
from devmgmt.keys.models import LoginCode


def _codes(at: datetime, days: int, place: Place) -> Iterator[int]:
    return by_time("keys_logincode", moment="expires_at", before=at - timedelta(days=days))


def _oldest_code() -> datetime | None:
    return LoginCode.objects.order_by("expires_at").values_list("expires_at", flat=True).first()


register(Kind("login_codes", _("Login codes"), 1, "keys_logincode", _codes, _oldest_code))
