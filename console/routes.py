"""Every route, its methods and required permission: for `manage.py routes` and the test that walks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from console.base.accounts.access import Policy
from console.base.accounts.permissions import Permission

# Pages of libraries carry no declaration of ours: allauth's entrance pages, by name; all else of allauth is for the
# signed in, all of the admin for operators.
ENTRANCE = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_trust",
    "mfa_login_webauthn",
}


@dataclass(frozen=True)
class Route:
    """`name` with its namespace, `path` with its arguments as in Django's patterns."""

    name: str
    path: str
    methods: tuple[str, ...]
    permission: str
    sudo: bool


class UndeclaredRouteError(Exception):
    """A view of ours that names no permission."""


def routes() -> list[Route]:
    """Return every route; raises UndeclaredRouteError for a view that declares no policy."""
    return [_route(name, path, pattern) for name, path, pattern in _walk(get_resolver(), "", "/")]


def _walk(resolver: URLResolver, namespace: str, prefix: str) -> Iterator[tuple[str, str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, inner, path)
        else:
            yield f"{namespace}{entry.name or ''}", path, entry


def _route(name: str, path: str, pattern: URLPattern) -> Route:
    policy = getattr(pattern.callback, "policy", None) or _library_policy(name, pattern)
    if policy is None:
        raise UndeclaredRouteError(f"{path} declares no permission: use console.base.accounts.access.route")
    return Route(name, path, policy.methods, policy.permission.value, policy.sudo)


def _library_policy(name: str, pattern: URLPattern) -> Policy | None:
    module = pattern.callback.__module__
    if name.startswith("admin:") or module.startswith("django.contrib.admin"):
        return Policy(Permission.OPERATOR, ("GET", "POST"), sudo=False)
    if module.startswith("allauth."):
        permission = Permission.PUBLIC if name in ENTRANCE else Permission.SIGNED_IN
        return Policy(permission, ("GET", "POST"), sudo=False)
    return None
