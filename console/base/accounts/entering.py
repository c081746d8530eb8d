"""What becomes of somebody whom an identity provider has signed in: who they are here, or why they are not (P-10)."""

from __future__ import annotations

import logging
import time
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from console.base.accounts import security
from console.base.accounts.actions import identity
from console.base.accounts.authentication import record_proof_by_provider
from console.base.accounts.identity.configuration import Grants, IdentityProvider
from console.base.accounts.identity.tokens import LEEWAY, Person
from console.base.accounts.models import Invitation, User
from console.base.accounts.states import SecurityKind
from console.base.core.errors import ActionRefused

LOGIN, LINK, CONFIRM = "login", "link", "confirm"
STATUS = {"away": 503, "expired": 400, "too_many": 429}  # of the page for a situation; the others are refusals
logger = logging.getLogger(__name__)


def problem(request: HttpRequest, provider: IdentityProvider, situation: str, **context: Any) -> HttpResponse:
    """Return the page that says why nobody was signed in, and what to do."""
    words = {"provider": provider, "situation": situation, "email": "", **context}
    return render(request, "accounts/identity/problem.html", words, status=STATUS.get(situation, 403))


class NotAdmitted(Exception):
    """Nobody is signed in; `user` is whom it is about, where that is known, `why` words of a verb."""

    def __init__(self, situation: str, user: User | None = None, why: str = "") -> None:
        super().__init__(situation)
        self.situation, self.user, self.why = situation, user, why


def local(url: str) -> str:
    """Return the address when it is one of the console's own, else ""."""
    return url if url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None) else ""


def enter(request: HttpRequest, provider: IdentityProvider, login: SocialLogin) -> None:
    """Find the account, link or make it, and hold what groups give; allauth goes on with the second factor.

    Raises ImmediateHttpResponse where this was no sign-in, or nobody is to be signed in.
    """
    steps = {LINK: _link, CONFIRM: _confirm}
    try:
        if step := steps.get(login.state.get("process")):
            raise ImmediateHttpResponse(step(request, provider, login, login.state.get("data") or {}))
        with transaction.atomic():
            login.account = _account(provider, login)
            login.user = login.account.user
            _hold_grants(login.user, provider, login.person)
    except NotAdmitted as refused:
        raise ImmediateHttpResponse(_refusal(request, provider, login.person, refused)) from refused


def _hold_grants(user: User, provider: IdentityProvider, person: Person) -> None:
    """Hold what groups give; where the provider left them out, they took nothing away, and all roles stay."""
    if person.groups_left_out:
        logger.warning("%s left out the groups of user %d: roles by groups stay as they are", provider.name, user.pk)
    else:
        identity.hold_grants(user, provider=provider, grants=provider.grants(person.groups))


def _refusal(request: HttpRequest, provider: IdentityProvider, person: Person, refused: NotAdmitted) -> HttpResponse:
    """Return the page that says why; it is on record (P-6), outside of the transaction that is rolled back."""
    kind = SecurityKind.PROVIDER_REFUSED
    security.note(refused.user, kind, request=request, email=person.email, detail=provider.label)
    logger.info("sign-in by %s refused: %s", provider.name, refused.situation)
    if refused.situation == "inactive":
        return redirect("account_inactive")
    return problem(request, provider, refused.situation, email=person.email, why=refused.why)


def _account(provider: IdentityProvider, login: SocialLogin) -> SocialAccount:
    """Return the link of the person: as it is, or made now to their account or a new one. Raises NotAdmitted."""
    person: Person = login.person
    user = login.user if login.is_existing else None
    if user is None and not person.verified:
        raise NotAdmitted("unverified")
    user = user or User.objects.people().filter(email=person.email).first()
    if user is not None and not user.is_active:
        raise NotAdmitted("inactive", user)
    if login.is_existing:
        return login.account
    if user is None and not may_have_account(provider, person):
        raise NotAdmitted("unknown")
    try:
        if user is None:
            return identity.create_by_provider(provider=provider, person=person)
        return identity.link_identity(user, provider=provider, person=person, by=user)
    except ActionRefused as refused:
        raise NotAdmitted("refused", user, refused.message) from refused


def may_have_account(provider: IdentityProvider, person: Person) -> bool:
    """Whether a person without an account gets one: by groups, an open invitation, or because everyone there does."""
    grants: Grants = provider.grants(person.groups)
    invited = Invitation.objects.usable(at=timezone.now()).filter(email=person.email)
    return provider.creates_accounts or bool(grants) or invited.exists()


def _began_by(request: HttpRequest, began: dict[str, Any]) -> User | None:
    """Return who is signed in, when it is who has begun this."""
    user = request.user
    return user if isinstance(user, User) and user.pk == began.get("user") else None


def _link(request: HttpRequest, provider: IdentityProvider, login: SocialLogin, began: dict[str, Any]) -> HttpResponse:
    """Link the provider to the account that is signed in, whatever address it has there."""
    user = _began_by(request, began)
    if user is None:
        return problem(request, provider, "expired")
    try:
        identity.link_identity(user, provider=provider, person=login.person, by=user)
    except ActionRefused as refused:
        raise NotAdmitted("refused", user, refused.message) from refused
    messages.success(request, _("You can now sign in with %(provider)s.") % {"provider": provider.label})
    return redirect("mfa_index")


def _confirm(
    request: HttpRequest, provider: IdentityProvider, login: SocialLogin, began: dict[str, Any]
) -> HttpResponse:
    """Take the fresh sign-in at the provider as a proof (P-4): of the same person, and asked for just now."""
    user, signed_in_at = _began_by(request, began), login.person.signed_in_at
    if user is None:
        return problem(request, provider, "expired")
    if not login.is_existing or login.account.user_id != user.pk:
        raise NotAdmitted("somebody_else", user)
    if signed_in_at is None or signed_in_at < float(began.get("at", time.time())) - LEEWAY:
        raise NotAdmitted("stale", user)
    record_proof_by_provider(request, user, provider)
    return redirect(local(login.state.get("next") or "") or reverse("mfa_index"))
