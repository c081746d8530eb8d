"""ID tokens: whether one is good, and who the person is that it names (OpenID Connect Core, 3.1.3.7)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import jwt
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from console.base.accounts.identity import discovery
from console.base.accounts.identity.configuration import IdentityProvider

# Only with a provider's own key pair: with `none`, or a secret that both know, others could write tokens.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60  # seconds that the two clocks may be apart
CLAIMS = ("iss", "sub", "aud", "exp", "iat")
ODD = (ValueError, TypeError, KeyError, OverflowError)  # what the library raises for values of another type
GROUPS = 2000  # of one person; Entra itself sends at most 200


class TokenRefused(Exception):
    """The provider's token is not good; the message is for the log, in English."""


@dataclass(frozen=True)
class Person:
    """Whom a provider has signed in: `uid` is theirs for good, of this issuer; the address may change.

    `email` is "" where there is none; `verified` whether it is known to be theirs. `second_factor` is what the
    provider says of the sign-in and the settings let count, `signed_in_at` seconds since 1970 or None.
    `groups_left_out`: there are groups, but too many to be sent, so that `groups` says nothing.
    """

    uid: str
    subject: str
    issuer: str
    email: str = ""
    verified: bool = False
    name: str = ""
    groups: tuple[str, ...] = ()
    groups_left_out: bool = False
    second_factor: str = ""
    signed_in_at: float | None = None


def verified_claims(provider: IdentityProvider, token: object, *, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token; raises TokenRefused for one that is not for us, or not for this sign-in.

    Raises ProviderAway where the keys can't be had.
    """
    if not isinstance(token, str):
        raise TokenRefused("there is no ID token")
    try:
        claims = dict(
            jwt.decode(
                token,
                key=_key(provider, token).key,
                algorithms=list(ALGORITHMS),
                issuer=provider.issuer,
                audience=provider.client_id,
                leeway=LEEWAY,
                options={"require": list(CLAIMS)},
            )
        )
    except (jwt.PyJWTError, *ODD) as error:
        raise TokenRefused(f"{type(error).__name__}: {error}") from error
    if not compare_digest(str(claims.get("nonce", "")).encode(errors="replace"), nonce.encode()):
        raise TokenRefused("the nonce is another one")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise TokenRefused("it was issued to another client")
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims:
        raise TokenRefused("it is for several clients and names none as its own")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise TokenRefused("its subject is no name")
    return claims


def _key(provider: IdentityProvider, token: str) -> jwt.PyJWK:
    """Return the provider's key that the token names; one that is not known yet may be new."""
    wanted = jwt.get_unverified_header(token).get("kid")
    for newest in (False, True):
        usable = [key for key in _read(discovery.keys(provider, newest=newest)) if key.public_key_use in (None, "sig")]
        matching = [key for key in usable if wanted is None or key.key_id == wanted]
        if len(matching) == 1:
            return matching[0]
    raise TokenRefused("its key is none of the provider's")


def _read(keys: dict[str, Any]) -> Iterable[jwt.PyJWK]:
    """Yield the keys of a JWKS that can be read: the others say nothing about them."""
    for key in keys["keys"]:
        try:
            yield jwt.PyJWK(key)
        except (jwt.PyJWTError, *ODD):
            continue


def person_of(provider: IdentityProvider, claims: dict[str, Any], more: dict[str, Any]) -> Person:
    """Return whom the claims name; `more` are those of the userinfo endpoint, which the token's own go before."""
    if more and more.get("sub") != claims["sub"]:
        raise TokenRefused("the userinfo endpoint answered about somebody else")
    said = {**more, **claims}
    email, verified = _email(provider, claims, more)
    return Person(
        uid=hashlib.sha256(f"{provider.issuer}\n{claims['sub']}".encode()).hexdigest(),
        subject=claims["sub"],
        issuer=provider.issuer,
        email=email,
        verified=verified,
        name=_name(said.get("name") or said.get("preferred_username")),
        groups=tuple(_texts(said.get(provider.groups_claim))[:GROUPS]),
        groups_left_out=said.get(provider.groups_claim) is None and _is_elsewhere(provider.groups_claim, claims, more),
        second_factor=next((way for way in _ways(claims) if way in provider.second_factor), ""),
        signed_in_at=_moment(claims.get("auth_time")),
    )


def _moment(said: object) -> float | None:
    """Return the seconds since 1970; None for what is no moment."""
    try:
        return float(said) if isinstance(said, int | float) and math.isfinite(said) else None
    except OverflowError:
        return None


def _email(provider: IdentityProvider, *sources: dict[str, Any]) -> tuple[str, bool]:
    """Return the first source's address and whether it is known to be theirs; ("", False) where there is none.

    What a source says of another address, or of none, verifies nothing. A domain of the settings stands in only where
    no source says anything: an explicit no remains one.
    """
    email = next(filter(None, (_address(source.get("email")) for source in sources)), "")
    stated = [(_address(source.get("email")), source.get("email_verified")) for source in sources]
    if not email or any(verified not in (None, True, "true") for _of, verified in stated):
        return email, False
    if all(verified is None for _of, verified in stated):
        return email, email.rpartition("@")[2] in provider.verified_domains
    return email, any(of == email and verified is not None for of, verified in stated)


def _address(said: object) -> str:
    """Return the address as accounts have it; "" for what is none."""
    email = str(said or "").strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email if len(email) <= 254 and email.isprintable() else ""


def _name(said: object) -> str:
    """Return the name in one line, without what nobody can see."""
    text = said if isinstance(said, str) else ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:100].strip()


def _ways(claims: dict[str, Any]) -> Iterable[str]:
    return [*_texts(claims.get("amr")), *_texts(claims.get("acr"))]


def _is_elsewhere(claim: str, *sources: dict[str, Any]) -> bool:
    """Whether the claim is only referred to (OpenID Connect Core, 5.6.2), as Entra does above 200 groups."""
    names = [source.get("_claim_names") for source in sources]
    return any(isinstance(elsewhere, dict) and claim in elsewhere for elsewhere in names)


def _texts(said: object) -> list[str]:
    values = said if isinstance(said, list) else [said]
    return [value for value in values if isinstance(value, str)]
