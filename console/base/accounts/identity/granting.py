"""Who gives a role when groups of an identity provider do: named in logs, and no account (P-10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.base.accounts.identity.configuration import Grants, IdentityProvider

# Upper apps put theirs here when they start: the teams in which a person has to be for what they are granted there.
teams_beside: list[Callable[[Grants], Mapping[int, str]]] = []


@dataclass(frozen=True)
class ByProvider:
    """A provider, where events name who did it."""

    name: str
    label: str
    pk: None = None

    def get_full_name(self) -> str:
        """Return what logs call it, whatever the language of who reads them."""
        return f"{self.label} (OpenID Connect)"

    def __str__(self) -> str:
        return self.label


def by(provider: IdentityProvider) -> ByProvider:
    """Return the provider as the one who gives roles."""
    return ByProvider(provider.name, provider.label)
