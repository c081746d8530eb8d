"""Grants that end by themselves (D-10): what is said before, and what is written once their time is over.

Nothing waits for the sweep: questions and device policies leave out what has expired by the database's clock. The sweep
writes it down, and notifies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.models import User
from console.base.accounts.notifying import member_or_managers, members_with, notify
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.events import emit
from console.base.core import times
from console.base.core.text import listed
from console.base.hosts import decisions
from console.base.hosts.models import HostApplication
from console.base.hosts.people import reviewers_of
from console.base.hosts.states import DecisionState
from devmgmt import events
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from devmgmt.querysets import GrantQuerySet
from devmgmt.states import NOTIFIED_BEFORE
from miniprograms.actions import lock
from miniprograms.models import MiniProgram

G = TypeVar("G", bound=ProgramGrant)
LOADED = ("mini_program__team", "application")
KINDS: tuple[type[ProgramGrant], ...] = (ApiPermission, DomainExemption)


def live_of(kind: type[G], program: MiniProgram, application: HostApplication, *, at: datetime) -> list[G]:
    """Return what is in force or asked for, requests last, once what has expired is ended; under the program's lock."""
    live = kind.objects.live().filter(mini_program=program, application=application)
    _end(live.expired(at=at), program, at=at)
    return sorted(live.all(), key=lambda grant: grant.state == DecisionState.WAITING)


def replace(grant: ProgramGrant, *, by: User, at: datetime) -> None:
    """End what an approved request renews, if nobody has; under the program's lock.

    What had expired is written down as such: devices were without it.
    """
    if grant.renews is None:
        return
    old = type(grant).objects.approved().filter(pk=grant.renews.pk).select_related("application").first()
    if old is None:
        return
    old.mini_program = grant.mini_program
    if old.expires_at and old.expires_at <= at:
        _end_one(old, at=at, quiet=True)
        return
    decisions.move(old, source=DecisionState.APPROVED, state=DecisionState.ENDED, ended_at=at)
    event = events.moves_of(old).renewed
    emit(event(old, was=DecisionState.APPROVED, by=by, at=at, aside=True, quiet=True))


def end_expired(*, at: datetime) -> int:
    """End every grant whose time was over at `at`; return how many this call ended.

    What a program had in an application until the same moment ends together, with one notification.
    """
    together = ("mini_program", "application", "expires_at")
    return sum(
        end(kind, dict(zip(together, values, strict=True)), at=at)
        for kind in KINDS
        for values in kind.objects.expired(at=at).order_by(*together).values_list(*together).distinct()
    )


@transaction.atomic
def end(kind: type[ProgramGrant], which: Mapping[str, Any], *, at: datetime) -> int:
    """End those `which` of one program, unless someone did meanwhile; return how many."""
    program = lock(MiniProgram.objects.get(pk=which["mini_program"]))
    return _end(kind.objects.expired(at=at).filter(**which), program, at=at)


def _end(expired: GrantQuerySet, program: MiniProgram, *, at: datetime) -> int:
    """End these of one program in one application, and notify of all together."""
    grants = list(expired.select_related("application", "requested_by").order_by("pk"))
    for grant in grants:
        grant.mini_program = program
        _end_one(grant, at=at, quiet=len(grants) > 1)
    if len(grants) > 1:
        _notify_ended(grants, at=at)
    return len(grants)


def _end_one(grant: ProgramGrant, *, at: datetime, quiet: bool) -> None:
    move = {"state": DecisionState.ENDED, "ended_at": grant.expires_at}
    decisions.move(grant, source=DecisionState.APPROVED, **move)
    emit(events.moves_of(grant).expired(grant, was=DecisionState.APPROVED, by=None, at=at, aside=True, quiet=quiet))


def _notify_ended(grants: list[ProgramGrant], *, at: datetime) -> None:
    """Notify those whom the expiry of each would have reached, once."""
    first = grants[0]
    team = first.mini_program.team
    askers = {grant.requested_by for grant in grants}
    people = {user for asker in askers for user in member_or_managers(asker, team=team)}
    notify(
        people | {*members_with(team, Permission.MANAGE)},
        kind=NotificationKind.DECISION,
        text=lambda: _ended(grants),
        detail=lambda: _which(grants),
        url=first.developer_url(),
        at=at,
    )


def _ended(grants: list[ProgramGrant]) -> str:
    first = grants[0]
    words = ngettext(
        "%(count)d permission of %(program)s in %(application)s expired",
        "%(count)d permissions of %(program)s in %(application)s expired",
        len(grants),
    )
    return words % {"program": first.mini_program, "application": first.application, "count": len(grants)}


# Before the end -----------------------------------------------------------------------------------------------------


def remind(*, at: datetime) -> int:
    """Notify of grants that end within NOTIFIED_BEFORE days, once for each; return how many grants that were.

    What ends for a program in an application at the same time is one notification.
    """
    notified = 0
    for kind in KINDS:
        for days in sorted(NOTIFIED_BEFORE):
            groups: dict[tuple[Any, ...], list[ProgramGrant]] = defaultdict(list)
            for grant in kind.objects.to_notify(days, at=at).order_by("pk"):
                groups[grant.mini_program_id, grant.application_id, grant.expires_at].append(grant)
            notified += sum(_remind_of(kind, group, days, at=at) for group in groups.values())
    return notified


@transaction.atomic
def _remind_of(kind: type[ProgramGrant], group: list[ProgramGrant], days: int, *, at: datetime) -> int:
    """Notify of one group: the rows that another sweep or a move takes first are left out, under the rows' locks."""
    rows = kind.objects.select_for_update(of=("self",), skip_locked=True).to_notify(days, at=at)
    taken = list(rows.filter(pk__in=[grant.pk for grant in group]).select_related(*LOADED).order_by("pk"))
    if not taken:
        return 0
    kind.objects.filter(pk__in=[grant.pk for grant in taken]).update(expiry_told=days)
    first = taken[0]
    developers = members_with(first.mini_program.team, Permission.DEVELOP)
    reviewers = [user for user in reviewers_of(first.application) if user not in developers]
    for people, kept, url in (
        (developers, NotificationKind.DECISION, first.developer_url()),
        (reviewers, NotificationKind.REVIEW, first.get_absolute_url()),
    ):
        notify(people, kind=kept, text=lambda: _ends(taken), detail=lambda: _which(taken), url=url, at=at)
    return len(taken)


def _which(grants: list[ProgramGrant]) -> str:
    return "" if len(grants) == 1 else listed(getattr(grant, "api", "") for grant in grants)


def _ends(grants: list[ProgramGrant]) -> str:
    first = grants[0]
    values = {
        "subject": first.subject(),
        "program": first.mini_program,
        "application": first.application,
        "count": len(grants),
        "time": times.full(first.expires_at) if first.expires_at else "",
    }
    if len(grants) == 1:
        return _("%(subject)s expires in %(application)s on %(time)s") % values
    words = ngettext(
        "%(count)d permission of %(program)s in %(application)s expires on %(time)s",
        "%(count)d permissions of %(program)s in %(application)s expire on %(time)s",
        len(grants),
    )
    return words % values
