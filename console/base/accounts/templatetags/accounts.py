"""Tags of the pages and mails about a person's own account."""

from __future__ import annotations

from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.urls import reverse

from console.base.accounts import presenters
from console.base.accounts.authentication import has_password, linked_providers
from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.models import SecurityEntry, User

register = template.Library()
register.filter("method_words", presenters.method_words)


@register.simple_tag
def entry_words(entry: SecurityEntry) -> dict[str, str]:
    """Return an entry of the security log in words."""
    return presenters.entry_words(entry)


@register.simple_tag
def identity_providers() -> list[IdentityProvider]:
    """Return the identity providers by which people sign in here."""
    return list(settings.IDENTITY_PROVIDERS.values())


@register.simple_tag
def passwords_are_on() -> bool:
    """Return whether people may sign in by a password, or by a passkey alone."""
    return bool(settings.PASSWORD_SIGN_IN)


@register.simple_tag
def confirming(user: User) -> dict[str, object]:
    """Return by what `user` proves who they are, beside second factors: a password, providers."""
    return {"by_password": has_password(user), "providers": linked_providers(user)}


@register.simple_tag
def address_url(token: str) -> str:
    """Return the link that takes a new address, at BASE_URL."""
    return urljoin(settings.BASE_URL, reverse("take_address", args=[token]))
