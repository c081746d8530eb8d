"""From a URL to a token."""

from __future__ import annotations

from django.http import Http404

from console.api.manage.models import LoginRequest, Token
from console.api.rate import Counter
from console.base.accounts.access import row_or_404, team_for
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission

guesses = Counter("30/minute")  # codes that a person tries, in this process


def own_token(user: User, permission: Permission, own_token_id: int) -> Token:
    """Return the person's own token; 404 for any other, and for a revoked one."""
    return row_or_404(Token.objects.of_person(user).listed().select_related("holder"), pk=own_token_id)


def robot_for(user: User, permission: Permission, team_id: int, token_id: int) -> Token:
    """Return a robot's token; 404 outside the user's teams and when revoked, 403 without `permission` in the team."""
    team = team_for(user, permission, team_id)
    rows = Token.objects.listed().select_related("holder", "mini_program")
    return row_or_404(rows, team=team, pk=token_id)


def login_for(user: User, permission: Permission, user_code: str) -> LoginRequest:
    """Return the program's request that waits for an answer, and may have expired; 404 for any other.

    It belongs to nobody yet: who knows its code may answer, for themselves alone. Who guesses finds none for a while.
    """
    if guesses.is_over(user.pk) or not user_code.isalpha():  # A NUL is no question to the database.
        raise Http404
    try:
        return row_or_404(LoginRequest.objects.waiting(), user_code=user_code)
    except Http404:
        guesses.count(user.pk)
        raise
