"""What every page of a local console says of it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def mailbox(request: HttpRequest) -> dict[str, bool]:
    """Tell whether mails are kept on this machine, so that pages lead to them."""
    return {"has_mailbox": settings.MAILBOX is not None}
