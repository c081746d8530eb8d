"""The identity providers that the environment names, read once when a process starts (P-10, docs/identity.md).

Imported by the settings: nothing here may need them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from console.local.addresses import is_loopback

NAME = re.compile(r"[a-z][a-z0-9]{0,15}")  # in addresses, in the names of variables, and 40 characters of a session
# Weakest first: of several groups that give a role in one place, the strongest one counts.
TEAM_ROLES = ("viewer", "developer", "license_holder", "admin")
APPLICATION_ROLES = ("reviewer", "app_admin")
ICONS = (
    "building", "building-community", "key", "lock", "shield-lock", "id-badge-2", "users", "brand-azure",
    "brand-github", "brand-gitlab", "brand-google", "brand-wechat", "brand-windows",
)  # fmt: skip
EXAMPLE = '{"bus-developers": ["team:3:developer"], "console-operators": ["operator"]}'


@dataclass(frozen=True)
class Grants:
    """What groups give: a role by team id, a role by application id, and whether the person is an operator."""

    teams: Mapping[int, str] = field(default_factory=dict)
    applications: Mapping[str, str] = field(default_factory=dict)
    operator: bool = False

    def __bool__(self) -> bool:
        return bool(self.teams or self.applications or self.operator)


@dataclass(frozen=True)
class IdentityProvider:
    """One provider: `name` in addresses and logs, `label` on buttons, `issuer` exactly as its tokens have it.

    `verified_domains` are those whose addresses count as verified although the provider does not say so;
    `second_factor` the values of `amr` or `acr` that count as a second factor; `roles` what each group gives.
    """

    name: str
    label: str
    issuer: str
    client_id: str
    client_secret: str = ""
    icon: str = "building"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    verified_domains: tuple[str, ...] = ()
    second_factor: tuple[str, ...] = ()
    creates_accounts: bool = False
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def grants(self, groups: Iterable[str]) -> Grants:
        """Return what these groups give together; groups that the mapping does not name give nothing."""
        teams: dict[int, str] = {}
        applications: dict[str, str] = {}
        operator = False
        for role in [role for group in groups for role in self.roles.get(group, ())]:
            kind, _colon, rest = role.partition(":")
            place, _colon, given = rest.partition(":")
            if kind == "team":
                teams[int(place)] = max(given, teams.get(int(place), given), key=TEAM_ROLES.index)
            elif kind == "app":
                applications[place] = max(given, applications.get(place, given), key=APPLICATION_ROLES.index)
            else:
                operator = True
        return Grants(teams, applications, operator)


def providers(env: environ.Env) -> dict[str, IdentityProvider]:
    """Return the providers in the order of OIDC_PROVIDERS, by name; raises ImproperlyConfigured with the variable."""
    return {name: _provider(env, name) for name in env.list("OIDC_PROVIDERS", default=[])}


def _provider(env: environ.Env, name: str) -> IdentityProvider:
    if not NAME.fullmatch(name):
        raise ImproperlyConfigured(f"OIDC_PROVIDERS: “{name}” must be up to 16 small letters and digits.")

    def text(key: str, default: str = "") -> str:
        return str(env.str(f"OIDC_{name.upper()}_{key}", default=default)).strip()

    for key in ("ISSUER", "CLIENT_ID"):
        if not text(key):
            raise ImproperlyConfigured(f"Set OIDC_{name.upper()}_{key}: OIDC_PROVIDERS names “{name}”.")
    scopes = text("SCOPES", "openid profile email").split()
    return IdentityProvider(
        name=name,
        label=text("LABEL", name.title()),
        issuer=_issuer(f"OIDC_{name.upper()}_ISSUER", text("ISSUER")),
        client_id=text("CLIENT_ID"),
        client_secret=text("CLIENT_SECRET"),
        icon=_icon(f"OIDC_{name.upper()}_ICON", text("ICON", "building")),
        scopes=tuple(dict.fromkeys(["openid", *scopes])),
        groups_claim=text("GROUPS_CLAIM", "groups"),
        verified_domains=tuple(_listed(text("VERIFIED_DOMAINS").lower())),
        second_factor=tuple(_listed(text("SECOND_FACTOR"))),
        creates_accounts=env.bool(f"OIDC_{name.upper()}_CREATES_ACCOUNTS", default=False),
        roles=_roles(f"OIDC_{name.upper()}_ROLES", text("ROLES", "{}")),
    )


def _icon(variable: str, icon: str) -> str:
    if icon not in ICONS:
        raise ImproperlyConfigured(f"{variable}: there is no icon “{icon}”. Use one of {', '.join(ICONS)}.")
    return icon


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _issuer(variable: str, issuer: str) -> str:
    """Return the issuer; who could read or change the traffic could sign in as anybody, so it is https."""
    parts = urlsplit(issuer)
    if not parts.hostname or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{variable}: write the issuer's address, such as https://login.example.com.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ImproperlyConfigured(f"{variable} must begin with https://.")
    return issuer


def _roles(variable: str, written: str) -> dict[str, tuple[str, ...]]:
    """Return what each group gives, checked."""
    try:
        roles: Any = json.loads(written)
    except ValueError:
        roles = None
    if not isinstance(roles, dict) or not all(isinstance(given, list) for given in roles.values()):
        raise ImproperlyConfigured(f"{variable} must be JSON such as {EXAMPLE}")
    for role in [role for given in roles.values() for role in given]:
        kind, place, given = (*str(role).split(":"), "", "")[:3]
        known = {"team": TEAM_ROLES, "app": APPLICATION_ROLES}.get(kind, ())
        if role != "operator" and (str(role) != f"{kind}:{place}:{given}" or given not in known or not place):
            raise ImproperlyConfigured(f"{variable}: “{role}” is none of operator, team:ID:ROLE, app:ID:ROLE.")
        if kind == "team" and not place.isdecimal():
            raise ImproperlyConfigured(f"{variable}: “{role}” needs the number in the address of the team's page.")
    return {group: tuple(given) for group, given in roles.items()}
