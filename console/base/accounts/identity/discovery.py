"""What a provider says of itself, and its keys: asked once an hour and kept in the cache."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache

from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.identity.transport import ProviderAway, ask, is_address

HOUR = 3600
PAUSE = 60  # seconds between two looks for a key that is not there: anybody may send a token that names one
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def configuration(provider: IdentityProvider) -> dict[str, Any]:
    """Return the discovery document.

    Raises ProviderAway, and keeps nothing, for one of another issuer, or whose values are not what a sign-in needs.
    """
    key = f"identity:configuration:{provider.name}:{provider.issuer}"
    if kept := cache.get(key):
        return dict(kept)
    _status, found = ask(provider, "GET", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise ProviderAway(f"{provider.name} says that its issuer is {found.get('issuer')!r}, not {provider.issuer!r}")
    userinfo = () if found.get("userinfo_endpoint") is None else ("userinfo_endpoint",)
    for name in (*NEEDED, *userinfo):
        if not is_address(found.get(name)):
            raise ProviderAway(f"{provider.name} names no {name} that begins with https://")
    ways = found.get("token_endpoint_auth_methods_supported") or []
    if not isinstance(ways, list) or not all(isinstance(way, str) for way in ways):
        raise ProviderAway(f"{provider.name} names its token_endpoint_auth_methods_supported in no list")
    cache.set(key, found, HOUR)
    return found


def keys(provider: IdentityProvider, *, newest: bool = False) -> dict[str, Any]:
    """Return the provider's keys as JWKS; `newest` asks again, at most once a minute.

    Raises ProviderAway, and keeps nothing, where there is none: an hour without sign-ins would follow.
    """
    key = f"identity:keys:{provider.name}:{provider.issuer}"
    kept = cache.get(key)
    if kept and not (newest and cache.add(f"{key}:asked", 1, PAUSE)):
        return dict(kept)
    _status, found = ask(provider, "GET", configuration(provider)["jwks_uri"])
    named = found.get("keys")
    if not isinstance(named, list) or not named or not all(isinstance(one, dict) for one in named):
        raise ProviderAway(f"{provider.name} names no keys")
    cache.set(key, found, HOUR)
    return found
