"""The way in while the identity provider is away: a link for an operator, made at the command line (P-10)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.core import signing
from django.urls import reverse

from console.base.accounts.models import User

SALT = "console.accounts.one_time_link"
LASTS = timedelta(minutes=15)


def link_for(user: User) -> str:
    """Return the address that signs `user` in once, within LASTS."""
    token = signing.dumps([user.pk, _last_sign_in(user)], salt=SALT)
    return urljoin(settings.BASE_URL, reverse("one_time_link", args=[token]))


def opened_by(token: str) -> User | None:
    """Return the operator whom the link signs in now; None for one that is wrong, used or too old."""
    try:
        who, last = signing.loads(token, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=who, is_active=True, is_staff=True).first()
    return user if user is not None and _last_sign_in(user) == last else None


def _last_sign_in(user: User) -> str:
    """Return what changes with a sign-in: after the one by the link, or any other, the link opens nothing."""
    return user.last_login.isoformat() if user.last_login else ""
