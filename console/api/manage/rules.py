"""Why something can't be done with a token; empty when it can (A-1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from console.api.manage.models import Token, UploadedPackage
from console.api.manage.states import OF_PEOPLE, Scope
from console.base.accounts.models import Team, User
from miniprograms.models import MiniProgram

MOST_ROBOTS = 50  # of a team
MOST_OWN = 20  # of a person
MOST_UPLOADS = 20  # files of a mini program that became no version yet


def why_not_scopes(scopes: list[str], *, offered: Iterable[Scope] = OF_PEOPLE) -> str:
    """Return why a token can't have these scopes; `offered` are those of its kind."""
    return "" if scopes and set(scopes) <= set(offered) else _("Choose at least one scope.")


def why_not_all(scopes: list[str], program: MiniProgram | None) -> str:
    """Return why a robot with these scopes can't be one for all mini programs: what makes keys is for one."""
    if Scope.UPLOAD_KEYS not in scopes or program:
        return ""
    return _("A robot that creates upload keys works for one mini program only. Choose one.")


def why_not_upload_key(token: Token) -> str:
    """Return why the token can't make an upload key: it never hands on more than it has (A-5)."""
    if why := why_not_all([Scope.UPLOAD_KEYS], token.mini_program):
        return why
    return "" if Scope.UPLOAD in token.scopes else _("The token lacks the scope %(scope)s.") % {"scope": Scope.UPLOAD}


def why_not_end(expires_at: datetime | None, *, at: datetime) -> str:
    """Return why a token can't end then."""
    return _("Choose a day after today.") if expires_at and expires_at <= at else ""


def why_no_more_robots(team: Team) -> str:
    """Return why the team can't have another robot."""
    if team.robots.listed().count() < MOST_ROBOTS:
        return ""
    return _("The team has %(count)d robots. Delete one first.") % {"count": MOST_ROBOTS}


def why_no_more_own(user: User) -> str:
    """Return why the person can't have another token."""
    if Token.objects.of_person(user).listed().count() < MOST_OWN:
        return ""
    return _("You have %(count)d tokens. Revoke one first.") % {"count": MOST_OWN}


def why_no_more_uploads(program: MiniProgram) -> str:
    """Return why the mini program can't have another file that waits."""
    if UploadedPackage.objects.filter(mini_program=program, begun_at=None).count() < MOST_UPLOADS:
        return ""
    return _("%(count)d uploaded files wait to become versions. Use one of them, or try again tomorrow.") % {
        "count": MOST_UPLOADS
    }
