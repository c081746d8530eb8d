"""The operators' first page: what needs somebody, and the platform in figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.accounts.filters import HAS_ACTING_ADMIN, HAS_FACTOR
from console.base.accounts.models import Invitation, Membership, Team, User
from console.base.accounts.permissions import TeamRole
from console.base.accounts.presenters import PersonRow, people_rows
from console.base.core.text import listed
from console.base.hosts.models import DefaultApi, HostApplication
from console.platform import parts
from console.platform.status import Status
from console.platform.teams import HAS_UNLED_APP, TeamRow, team_rows
from console.platform.trouble import Level
from messaging.models import PublicTemplate
from miniprograms.models import Category, IdeDownload, MiniProgram

SHOWN = 5  # teams, people
MOST = 3  # of one kind are listed one by one, more of them in one line
BY_PROVIDER_ALONE = Q(
    Exists(SocialAccount.objects.filter(user=OuterRef("pk"))), password__startswith=UNUSABLE_PASSWORD_PREFIX
)
LED = Exists(Membership.objects.filter(team=OuterRef("team"), role=TeamRole.ADMIN))


@dataclass(frozen=True)
class Need:
    """Something that an operator should see to: where, and the words of the button that leads there."""

    icon: str
    colour: str
    title: str
    context: str
    url: str
    label: str


def needs(status: Status, *, at: datetime) -> list[Need]:
    """Return what needs an operator, as the product knows it at the time `at`; nothing is asked of other services."""
    return [*_of_status(status), *_of_invitations(at), *_of_teams(), *_of_applications(), *_of_operators()]


def _of_status(status: Status) -> Iterator[Need]:
    """What the status page says is wrong, or that nothing ever ran; not what a minute may mend."""
    url, new = reverse("platform:status"), parts.nothing_ran(status.processes)
    for trouble in (*([new] if new else ()), *status.troubles):
        if trouble is new or trouble.level is Level.WRONG:
            yield Need(trouble.icon, trouble.colour, trouble.title, str(trouble.mend), url, _("System status"))


def _of_invitations(at: datetime) -> list[Need]:
    """Mails that no server takes; and links of first administrators that expired, as nobody else can renew them."""
    failed = Invitation.objects.failed(at=at).select_related("team").order_by("-invited_at")
    expired = Invitation.objects.expired(at=at).filter(~LED).select_related("team").order_by("-invited_at")
    return [
        *_listed(
            failed,
            lambda row: _of_invitation("mail-x", _("An invitation was not delivered"), row),
            "platform:people",
            lambda n: ngettext("%(n)d invitation was not delivered", "%(n)d invitations were not delivered", n),
        ),
        *_listed(
            expired,
            lambda row: _of_invitation("clock-x", _("A first administrator’s invitation has expired"), row),
            "platform:people",
            lambda n: ngettext(
                "%(n)d first administrator’s invitation has expired",
                "%(n)d first administrators’ invitations have expired",
                n,
            ),
        ),
    ]


def _of_invitation(icon: str, title: str, row: Invitation) -> Need:
    context = _("%(email)s, %(team)s") % {"email": row.email, "team": row.team}
    return Need(icon, "orange", title, context, reverse("platform:team", args=[row.team_id]), _("View team"))


def _of_teams() -> list[Need]:
    """Teams that nobody leads, and that nobody was invited to lead."""
    invited = Exists(Invitation.objects.open().filter(team=OuterRef("pk"), role=TeamRole.ADMIN))
    return _listed(
        Team.objects.filter(~HAS_ACTING_ADMIN, ~invited).order_by("name"),
        lambda team: Need(
            "user-off",
            "orange",
            _("A team has no administrator who can sign in"),
            str(team),
            reverse("platform:team", args=[team.pk]),
            _("View team"),
        ),
        "platform:teams",
        lambda n: ngettext(
            "%(n)d team has no administrator who can sign in", "%(n)d teams have no administrator who can sign in", n
        ),
        query="?show=unled",
    )


def _of_applications() -> list[Need]:
    """Teams with host applications that nobody administers; which ones is theirs to know (P-1)."""
    return _listed(
        Team.objects.filter(HAS_UNLED_APP).order_by("name"),
        lambda team: Need(
            "user-off",
            "orange",
            _("An app has no administrator who can sign in"),
            _("%(team)s. A team administrator can appoint one.") % {"team": team},
            reverse("platform:team", args=[team.pk]),
            _("View team"),
        ),
        "platform:teams",
        lambda n: ngettext(
            "%(n)d team has an app without an administrator who can sign in",
            "%(n)d teams have apps without an administrator who can sign in",
            n,
        ),
        query="?show=unled_apps",
    )


def _of_operators() -> Iterator[Need]:
    """Operators whose password is all that it takes."""
    one_step = User.objects.filter(~HAS_FACTOR, is_staff=True, is_active=True).exclude(BY_PROVIDER_ALONE)
    if count := settings.PASSWORD_SIGN_IN and one_step.count():
        words = ngettext("%(n)d operator has no second factor", "%(n)d operators have no second factor", count)
        context = ngettext("Only a password protects this account.", "Only a password protects these accounts.", count)
        url = reverse("platform:people") + "?show=operators"
        yield Need("shield-exclamation", "orange", words % {"n": count}, context, url, _("View all"))


def _listed(
    rows: QuerySet[Any],
    one: Callable[[Any], Need],
    page: str,
    many: Callable[[int], str],
    *,
    query: str = "",
) -> list[Need]:
    """Return a line for each row; for more than MOST one line that leads to the page with all of them."""
    found = list(rows[: MOST + 1])
    lines = [one(row) for row in found]
    if len(lines) <= MOST:
        return lines
    n, first = rows.count(), lines[0]
    return [Need(first.icon, first.colour, many(n) % {"n": n}, "", reverse(page) + query, _("View all"))]


# The system --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A part of the system: the colour of its dot, its name, what is known of it, in words."""

    colour: str
    label: str
    facts: str


def system(status: Status) -> list[Line]:
    """Return the parts that the database knows of."""
    lines = [
        Line("red" if not row.works else "green" if row.is_known else "secondary", row.name, listed(row.facts))
        for row in status.services
    ]
    for process in status.processes:
        if process.is_scheduler and process.has_started:
            lines.append(Line("red" if process.is_late else "green", process.label, process.version))
    if running := [worker for worker in status.workers if not worker.is_late]:
        words = ngettext("%(n)d running", "%(n)d running", len(running)) % {"n": len(running)}
        late = len(running) < len(status.workers)
        lines.append(Line("red" if late else "green", _("Workers"), words))
    return lines


# Figures ------------------------------------------------------------------------------------------------------------


def counts() -> dict[str, int]:
    """Return how many of each there are; a query each."""
    return {
        "teams": Team.objects.count(),
        "people": User.objects.people().filter(is_active=True).count(),
        "two_steps": User.objects.people().filter(HAS_FACTOR, is_active=True).count(),
        "programs": MiniProgram.objects.count(),
        "applications": HostApplication.objects.count(),
    }


def newest_teams() -> list[TeamRow]:
    """Return the teams that were made last."""
    return team_rows(Team.objects.order_by("-created_at", "-pk")[:SHOWN])


def newest_people() -> list[PersonRow]:
    """Return who signed in last."""
    people = User.objects.people().filter(is_active=True)
    return people_rows(people.order_by(F("last_login").desc(nulls_last=True), "-date_joined")[:SHOWN])


@dataclass(frozen=True)
class Kept:
    """A part of the catalogue, and how much is in it."""

    label: str | Promise
    icon: str
    url: str
    count: int


CATALOGUE: tuple[tuple[type[Model], str | Promise, str, str], ...] = (
    (Category, gettext_lazy("Categories"), "category", "platform:categories"),
    (PublicTemplate, gettext_lazy("Template library"), "message", "platform:templates"),
    (DefaultApi, gettext_lazy("Sensitive APIs"), "lock", "platform:apis"),
    (IdeDownload, gettext_lazy("IDE downloads"), "download", "platform:ide"),
)


def catalogue() -> list[Kept]:
    """Return its parts; a query each."""
    return [Kept(label, icon, reverse(page), model._default_manager.count()) for model, label, icon, page in CATALOGUE]
