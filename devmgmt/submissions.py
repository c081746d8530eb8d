"""Several APIs requested together: one item of the inbox, one notification each way (D-3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.models import User
from console.base.accounts.notifying import member_or_managers, notify
from console.base.accounts.states import NotificationKind
from console.base.core.errors import ActionRefused
from console.base.core.states import badge_of
from console.base.core.text import colon, listed
from console.base.hosts import decisions
from console.base.hosts.models import HostApplication, SensitiveApi
from console.base.hosts.states import DecisionState
from devmgmt.models import ApiPermission
from miniprograms.models import MiniProgram

RULING = "ruling"  # the field of a decision on one request, before “_” and its primary key


def askable(program: MiniProgram, *applications: HostApplication) -> QuerySet[SensitiveApi]:
    """Return what the applications restrict and the program has neither asked for nor been granted without end (D-10).

    `granted_until` is the end of what was granted for a time.
    """
    own = ApiPermission.objects.filter(mini_program=program, application=OuterRef("application"), api=OuterRef("name"))
    ending = own.filter(state=DecisionState.APPROVED).order_by("-pk").values("expires_at")[:1]
    rows = SensitiveApi.objects.filter(~Exists(own.not_renewable()), application__in=applications, restricted=True)
    return rows.annotate(granted_until=Subquery(ending))


def ask(rows: Sequence[ApiPermission], *, at: datetime) -> Sequence[ApiPermission]:
    """Save new requests of one program to one application as one submission, and notify the reviewers once."""
    first, *others = rows
    if not others:
        return [decisions.ask(first, at=at)]
    decisions.save(first, at=at)
    for row in others:
        row.submission = first
        decisions.save(row, at=at)
    decisions.notify_reviewers(first, text=lambda: asks(rows), detail=lambda: detail_of(rows), at=at)
    return rows


def apis(count: int) -> str:
    """Return “3 APIs”."""
    return ngettext("%(count)d API", "%(count)d APIs", count) % {"count": count}


def asks(rows: Sequence[ApiPermission]) -> str:
    """Return “City Bus asks Metro Wallet for 3 APIs”."""
    words = ngettext(
        "%(program)s requests %(count)d API from %(application)s",
        "%(program)s requests %(count)d APIs from %(application)s",
        len(rows),
    )
    return words % {"program": rows[0].mini_program, "application": rows[0].application, "count": len(rows)}


def detail_of(rows: Sequence[ApiPermission]) -> str:
    """Return the APIs and the reason that they share."""
    return "\n".join(part for part in (listed(row.api for row in rows), rows[0].reason) if part)


@contextmanager
def refusing(grant: ApiPermission) -> Iterator[None]:
    """Let a refusal name the request that it is about, in its field; what is about all keeps its own."""
    try:
        yield
    except ActionRefused as refused:
        if refused.field not in ("application", "until"):
            refused.field = f"{refused.field or RULING}_{grant.pk}"
        raise


def notify_decided(decided: Sequence[ApiPermission], *, by: User, at: datetime) -> None:
    """Notify the submitter of everything that was decided together."""
    first = decided[0]
    people = member_or_managers(first.requested_by, team=first.mini_program.team)
    notify(
        [user for user in people if user != by],
        kind=NotificationKind.DECISION,
        text=lambda: f"{colon(first.application)}{counts(decided)}",
        detail=lambda: "\n".join(_line(grant) for grant in decided),
        url=first.developer_url(),
        at=at,
    )


def counts(decided: Sequence[ApiPermission]) -> str:
    """Return “2 APIs granted and 1 rejected for City Bus”."""
    granted = sum(grant.state == DecisionState.APPROVED for grant in decided)
    rejected = len(decided) - granted
    parts = [
        (granted, ngettext("%(count)d API granted", "%(count)d APIs granted", granted)),
        (rejected, ngettext("%(count)d API rejected", "%(count)d APIs rejected", rejected)),
    ]
    words = listed(words % {"count": count} for count, words in parts if count)
    return _("%(outcome)s for %(program)s") % {"outcome": words, "program": decided[0].mini_program}


def _line(grant: ApiPermission) -> str:
    words = _("%(api)s: %(outcome)s") % {"api": grant.api, "outcome": badge_of(grant.shown_state)[1]}
    return f"{words} – {grant.note}" if grant.note else words
