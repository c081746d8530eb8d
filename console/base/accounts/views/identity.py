"""Signing in by an identity provider, linking one, confirming by one (P-10); and what is left without passwords."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.decorators import reauthentication_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django import forms
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from console.base.accounts import entering, one_time_links, sudo, throttle
from console.base.accounts.access import SignedInRequest, identity_provider, own_identity, route
from console.base.accounts.actions import identity
from console.base.accounts.authentication import PASSWORDS_OFF, sign_in_by_link
from console.base.accounts.entering import CONFIRM, LINK, LOGIN
from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.identity.provider import OAuth2Adapter
from console.base.accounts.identity.transport import ProviderAway
from console.base.accounts.permissions import Permission
from console.base.core.pages import confirm_page, posted

FOREIGN = ("cross-site", "same-site")  # as browsers say who has led to a page; a typed address is neither


def _go(
    request: HttpRequest, provider: IdentityProvider, process: str, *, fallback: str, **parameters: str
) -> HttpResponse:
    """Lead to the provider, which leads back to `callback`; or say that it is away, after seconds at most.

    Not from another site's page, which could begin a session without an act of the person: there is a button for that.
    """
    goes_on = entering.local(request.GET.get("next", "")) or fallback
    if request.headers.get("Sec-Fetch-Site") in FOREIGN:
        page = reverse("account_login" if process == LOGIN else "mfa_index")
        return redirect(f"{page}?{urlencode({'next': goes_on})}")
    if not throttle.may_start(request):
        return entering.problem(request, provider, "too_many")
    user = getattr(request.user, "pk", None)
    try:
        leads: HttpResponse = (
            get_adapter()
            .get_provider(request, provider.name)
            .redirect(
                request, process, next_url=goes_on, data={"user": user, "at": time.time()}, auth_params=parameters
            )
        )
    except ProviderAway as error:
        entering.logger.warning("sign-in by %s: away: %r", provider.name, error)
        return entering.problem(request, provider, "away")
    return leads


@route(Permission.PUBLIC, load=identity_provider)
def sign_in(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Lead to the provider to sign in."""
    return _go(request, provider, LOGIN, fallback=reverse("home"))


@route(Permission.SIGNED_IN, load=identity_provider, before_factor=True)
def link(request: SignedInRequest, provider: IdentityProvider) -> HttpResponse:
    """Lead to the provider to link it; a proof is asked for first when the last one is old (P-4)."""
    if sudo.needed(request):
        return redirect(f"{reverse('account_reauthenticate')}?next={request.path}")
    return _go(request, provider, LINK, fallback=reverse("mfa_index"))


@route(Permission.SIGNED_IN, load=identity_provider, before_factor=True)
def confirm(request: SignedInRequest, provider: IdentityProvider) -> HttpResponse:
    """Lead to the provider to sign in there once more, whatever session it has (P-4)."""
    return _go(request, provider, CONFIRM, fallback=reverse("mfa_index"), prompt="login", max_age="0")


@route(Permission.SIGNED_IN, before_factor=True)
def sign_in_again(request: SignedInRequest) -> HttpResponse:
    """Say to who has neither a password nor a provider nor a factor that only a new sign-in proves who they are."""
    if any(way["url"] != request.path for way in get_account_adapter().get_reauthentication_methods(request.user)):
        return redirect("account_reauthenticate")
    return render(request, "accounts/identity/again.html", status=403)


@route(Permission.PUBLIC, load=identity_provider)
def callback(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Take what the provider answers: allauth checks the state, `provider` the token, `entering` decides."""
    answer: HttpResponse = OAuth2CallbackView.adapter_view(OAuth2Adapter(request, provider.name))(request)
    return answer


@route(Permission.SIGNED_IN, load=own_identity, methods="GET POST", sudo=True, before_factor=True)
def unlink(request: SignedInRequest, row: SocialAccount) -> HttpResponse:
    """Take a provider away as a way into the own account."""
    return confirm_page(
        request,
        forms.Form(posted(request)),
        save=lambda data: identity.unlink_identity(row, by=request.user),
        toast=lambda _done: _("%(provider)s unlinked.") % {"provider": identity.label_of(row.provider)},
        back=reverse("mfa_index"),
        template="accounts/identity/unlink.html",
        impossible=identity.why_not_unlink(row, request.user),
        label=identity.label_of(row.provider),
    )


@route(Permission.PUBLIC, methods="GET POST")
def one_time(request: HttpRequest, token: str) -> HttpResponse:
    """What a link of `manage.py sign_in_link` opens: a button, as programs that look at links press none."""
    user = one_time_links.opened_by(token)
    if user is None:
        return render(request, "accounts/identity/one_time.html", {"person": None}, status=404)
    if request.method == "POST":
        return sign_in_by_link(request, user)
    return render(request, "accounts/identity/one_time.html", {"person": user})


def with_password(view: Callable[..., HttpResponse], *, proof: bool = False) -> Callable[..., HttpResponse]:
    """Let one of allauth's pages about passwords answer where people may sign in by one; else say that they can't.

    With `proof` a fresh one is asked for (P-4): who has no password yet is asked for no old one.
    """
    proven = reauthentication_required(view, enabled=lambda request: proof and sudo.needed(request))

    @wraps(view)
    def answer(request: HttpRequest, **arguments: Any) -> HttpResponse:
        if settings.PASSWORD_SIGN_IN:
            return proven(request, **arguments) if request.user.is_authenticated else view(request, **arguments)
        if request.resolver_match and request.resolver_match.url_name == "account_login" and request.method == "GET":
            if get_user(request).is_authenticated:
                return redirect(entering.local(request.GET.get("next", "")) or reverse("home"))
            return render(request, "account/login.html")
        return render(request, "accounts/identity/no_passwords.html", {"why": PASSWORDS_OFF}, status=403)

    return answer
