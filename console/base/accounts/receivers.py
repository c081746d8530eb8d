"""What follows from signing in, and what the sign-in library changes, in the log.

One entry for each change, about the person, of no team (P-5).
"""

from typing import Any

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from console.base.accounts import codes, events, security
from console.base.accounts.actions import choose_language
from console.base.accounts.models import User
from console.base.accounts.states import SecurityKind
from console.base.activity.events import emit


@receiver(user_logged_in)
def keep_language(sender: Any, *, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Keep the language of the first sign-in page as the person's: e-mails are written in it, too."""
    if not user.language and (language := get_language()):
        choose_language(user, language=language)


@receiver(user_logged_in)
def begin_session(sender: Any, *, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Note the sign-in, and let the browser be known from the answer on."""
    security.begin_session(request, user)
    request.person_of_browser = user  # type: ignore[attr-defined]


@receiver(user_logged_out)
def clear_browser(sender: Any, *, request: HttpRequest, **kwargs: Any) -> None:
    """Let the answer clear what the browser keeps of our pages."""
    request.signed_out = True  # type: ignore[attr-defined]


@receiver(authentication_step_completed)
def note_confirmation(sender: Any, *, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """The person proved once more who they are (P-4)."""
    if kwargs.get("reauthenticated"):
        security.note(user, SecurityKind.CONFIRMED, request=request, detail=kwargs.get("type") or kwargs["method"])


@receiver([password_changed, password_set])
@transaction.atomic
def note_password_changed(sender: Any, *, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """By the person, signed in. The other sessions open nothing any more; so they are taken off the list, too."""
    user.sessions.exclude(session_key=request.session.session_key).end()
    emit(events.PasswordChanged(user, by=user))


@receiver(password_reset)
@transaction.atomic
def note_password_reset(sender: Any, *, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """The link that was mailed to the person was used; no session outlives it, and their sign-in limits are reset."""
    request.person_of_browser = user  # type: ignore[attr-defined]
    user.sessions.all().end()
    emit(events.PasswordReset(user, by=user))


def _name_of(authenticator: Authenticator) -> str:
    """Return what the pages call the factor; a passkey has a name of its own."""
    names = {
        Authenticator.Type.TOTP: _("Authenticator app"),
        Authenticator.Type.RECOVERY_CODES: _("Recovery codes"),
    }
    return names.get(authenticator.type) or str(authenticator)


@receiver(authenticator_added)
@transaction.atomic
def note_factor_added(sender: Any, *, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """An app's codes, a passkey, or recovery codes. The code that set up an app is used."""
    if authenticator.type == Authenticator.Type.TOTP:
        codes.mark_used(authenticator, kwargs["request"].POST.get("code", ""))
    emit(events.FactorAdded(user, by=user, after={"factor": _name_of(authenticator)}))


@receiver(authenticator_reset)
@transaction.atomic
def note_factor_renewed(sender: Any, *, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """New recovery codes; the earlier ones are void."""
    emit(events.FactorRenewed(user, by=user, after={"factor": _name_of(authenticator)}))


@receiver(authenticator_removed)
@transaction.atomic
def note_factor_removed(sender: Any, *, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """An app's codes, a passkey, or recovery codes."""
    emit(events.FactorRemoved(user, by=user, before={"factor": _name_of(authenticator)}))
