"""Tags of the pages and mails about a person's own account."""

from __future__ import annotations

from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.urls import reverse

from console.base.accounts import presenters
from console.base.accounts.models import SecurityEntry

register = template.Library()
register.filter("method_words", presenters.method_words)


@register.simple_tag
def entry_words(entry: SecurityEntry) -> dict[str, str]:
    """Return an entry of the security log in words."""
    return presenters.entry_words(entry)


@register.simple_tag
def address_url(token: str) -> str:
    """Return the link that takes a new address, at BASE_URL."""
    return urljoin(settings.BASE_URL, reverse("take_address", args=[token]))
