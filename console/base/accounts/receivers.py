"""What follows from signing in, and what the sign-in library changes, in the log.

One entry for each change, about the person, of no team (P-5).
"""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import get_language

from console.base.accounts import events
from console.base.accounts.actions import choose_language
from console.base.accounts.models import User
from console.base.activity.events import emit


@receiver(user_logged_in)
def keep_language(sender: Any, *, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Keep the language of the first sign-in page as the person's: e-mails are written in it, too."""
    if not user.language and (language := get_language()):
        choose_language(user, language=language)


@receiver([password_changed, password_set])
@transaction.atomic
def note_password_changed(sender: Any, *, user: User, **kwargs: Any) -> None:
    """By the person, signed in."""
    emit(events.PasswordChanged(user, by=user))


@receiver(password_reset)
@transaction.atomic
def note_password_reset(sender: Any, *, user: User, **kwargs: Any) -> None:
    """By whoever opened the link that was mailed to the person."""
    emit(events.PasswordReset(user, by=user))


@receiver(authenticator_added)
@transaction.atomic
def note_factor_added(sender: Any, *, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """An app's codes, a passkey, or recovery codes."""
    emit(events.FactorAdded(user, by=user, after={"factor": str(authenticator)}))


@receiver(authenticator_reset)
@transaction.atomic
def note_factor_renewed(sender: Any, *, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """New recovery codes; the earlier ones are void."""
    emit(events.FactorRenewed(user, by=user, after={"factor": str(authenticator)}))


@receiver(authenticator_removed)
@transaction.atomic
def note_factor_removed(sender: Any, *, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """An app's codes, a passkey, or recovery codes."""
    emit(events.FactorRemoved(user, by=user, before={"factor": str(authenticator)}))
