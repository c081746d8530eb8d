"""What happens elsewhere and ends tokens."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from console.api.manage import actions
from console.api.manage.models import LoginRequest, Token
from console.api.manage.states import LoginState
from console.base.accounts.models import User
from console.base.accounts.signals import account_secured


@receiver(account_secured)
def revoke_own(sender: type[User], *, user: User, by: User, **_rest: Any) -> None:
    """Revoke the tokens of a person who was deactivated, or somebody else may have signed in as: who could make some.

    What was approved and not fetched becomes no token any more; first, as a program may be fetching it. Then the
    account is locked, so that no token comes in between.
    """
    LoginRequest.objects.filter(decided_by=user, state=LoginState.APPROVED).update(state=LoginState.DENIED)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    for token in Token.objects.of_person(user).listed():
        actions.revoke(token, by=by)
