"""allauth's generic OpenID Connect provider, with our own tokens, limits and addresses (P-10).

allauth leads to the provider and back, with state and PKCE. The nonce is derived from PKCE's verifier, which stays in
the session: who has not that session can't have a token accepted in it.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote_plus, urljoin

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from console.base.accounts.identity import discovery
from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.identity.tokens import Person, TokenRefused, person_of, verified_claims
from console.base.accounts.identity.transport import ask

ANSWERED = (200, 400, 401, 403)  # by the token endpoint: a token, or why there is none


def configured(name: str) -> IdentityProvider | None:
    """Return the provider of that name, when the environment has it."""
    found: IdentityProvider | None = settings.IDENTITY_PROVIDERS.get(name)
    return found


def app_of(provider: IdentityProvider) -> SocialApp:
    """Return the provider as allauth wants it; no row of a table."""
    return SocialApp(
        provider="openid_connect",
        provider_id=provider.name,
        name=provider.label,
        client_id=provider.client_id,
        secret=provider.client_secret,
        settings={"scope": list(provider.scopes), "oauth_pkce_enabled": True, "server_url": provider.issuer},
    )


def nonce_of(verifier: str) -> str:
    """Return the nonce that goes with a verifier of PKCE."""
    return hashlib.sha256(f"nonce {verifier}".encode()).hexdigest()


class OAuth2Adapter(OpenIDConnectOAuth2Adapter):
    """The two calls behind the browser's back: for the token, and for what the token does not say."""

    person: Person

    @property
    def provider(self) -> IdentityProvider:
        """What the environment says of it."""
        provider: IdentityProvider = settings.IDENTITY_PROVIDERS[self.provider_id]
        return provider

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document, from the cache; raises ProviderAway."""
        return discovery.configuration(self.provider)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return the address at BASE_URL that is registered at the provider, whatever Host the request named."""
        return urljoin(settings.BASE_URL, reverse("identity_callback", args=[self.provider_id]))

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        """Trade the code for tokens, and find out whose they are; raises ProviderAway or OAuth2Error."""
        verifier = pkce_code_verifier or ""
        sent = {
            "grant_type": "authorization_code",
            "code": request.GET.get("code", ""),
            "redirect_uri": self.get_callback_url(request, app),
            "client_id": self.provider.client_id,
            "code_verifier": verifier,
        }
        status, tokens = ask(
            self.provider, "POST", self.access_token_url, fine=ANSWERED, auth=self._secret(sent), data=sent
        )
        if status != 200:
            raise OAuth2Error(f"the provider gave no token: {str(tokens.get('error'))[:100]!r}")
        try:
            claims = verified_claims(self.provider, tokens.get("id_token"), nonce=nonce_of(verifier))
            self.person = person_of(self.provider, claims, self._more(tokens))
        except TokenRefused as error:
            raise OAuth2Error(f"token refused: {error}") from error
        return tokens

    def _secret(self, sent: dict[str, str]) -> tuple[str, str] | None:
        """Put the secret where the provider wants it: into the form, or into the header that is returned."""
        secret = self.provider.client_secret
        if not secret:
            return None
        ways = self.openid_config.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" in ways:
            return quote_plus(self.provider.client_id), quote_plus(secret)
        sent["client_secret"] = secret
        return None

    def _more(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """Return what the userinfo endpoint says, where there is one: address and groups often stand there alone."""
        url, token = self.openid_config.get("userinfo_endpoint"), tokens.get("access_token")
        if not isinstance(url, str) or not isinstance(token, str):
            return {}
        return ask(self.provider, "GET", url, headers={"Authorization": f"Bearer {token}"})[1]

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """Keep none of the tokens: nothing is asked of the provider after the sign-in."""
        return SocialToken(token="")

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Return the sign-in of the person."""
        person = self.person
        login: SocialLogin = self.get_provider().sociallogin_from_response(
            request, {"sub": person.uid, "subject": person.subject, "issuer": person.issuer, "email": person.email}
        )
        login.person = person
        return login


class Provider(OpenIDConnectProvider):
    """Adds the nonce, and takes nothing from the query that could change what is asked for."""

    oauth2_adapter_class = OAuth2Adapter
    pkce_enabled_default = True

    def get_pkce_params(self) -> dict[str, str]:
        """Return the parameters of PKCE; the nonce goes out with them."""
        found: dict[str, str] = super().get_pkce_params()
        return {**found, "nonce": nonce_of(found["code_verifier"])}
