"""The operators' pages of teams."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, operator, route
from console.base.accounts.actions import safety
from console.base.accounts.forms import NewTeamForm
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.core.pages import form_page, posted


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def new_team(request: SignedInRequest, user: User) -> HttpResponse:
    """Make a team and invite its first administrator (P-11)."""
    return form_page(
        request,
        NewTeamForm(posted(request)),
        save=lambda data: safety.invite_first_administrator(by=user, **data),
        success=lambda invitation: (
            _("%(team)s is created. An invitation is on its way to %(email)s.")
            % {"team": invitation.team, "email": invitation.email},
            reverse("home"),
        ),
        template="accounts/new_team.html",
        cancel=reverse("home"),
    )
