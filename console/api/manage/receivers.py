"""What happens elsewhere and ends tokens."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from console.api.manage import actions
from console.api.manage.models import Token
from console.base.accounts.models import User
from console.base.accounts.signals import account_secured


@receiver(account_secured)
def revoke_own(sender: type[User], *, user: User, **_rest: Any) -> None:
    """Revoke the tokens of a person somebody else may have signed in as: that one could have made them."""
    for token in Token.objects.of_person(user).listed():
        actions.revoke(token, by=user)
