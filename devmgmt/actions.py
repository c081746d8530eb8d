"""The verbs of development management."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.actions import member_or_managers, members_with, notify
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.models import ActivityEntry
from console.base.activity.verbs import Verb
from console.base.core.errors import Overtaken, Refused, refusing_duplicate
from console.base.hosts import decisions
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from devmgmt import rules
from devmgmt.matching import Domain, fingerprint
from devmgmt.models import QUERY_LENGTH, ApiPermission, DomainExemption, ProgramGrant, SavedQuery, ServerDomain
from devmgmt.states import MOST_SAVED_QUERIES, DomainType
from miniprograms.actions import lock, touch, write_entry
from miniprograms.models import Binding, MiniProgram

G = TypeVar("G", bound=ProgramGrant)


# Server domains ---------------------------------------------------------------------------------------------------


def domains_of(program: MiniProgram) -> dict[str, list[ServerDomain]]:
    """Return the program's hosts by their type, every type in its order."""
    lists: dict[str, list[ServerDomain]] = {kind: [] for kind in DomainType.values}
    for row in program.server_domains.all():
        lists[row.kind].append(row)
    return lists


def domain_changes(program: MiniProgram, *, at: datetime) -> int:
    """Return how many changes were saved in the calendar month of `at` (D-1)."""
    entries = ActivityEntry.objects.of_program(program.app_id).filter(verb=Verb.DOMAINS_CHANGED)
    return entries.filter(at__gte=rules.month_of(at), at__lt=rules.next_month(at)).count()


@transaction.atomic
def change_domains(
    program: MiniProgram, *, lists: Mapping[str, Collection[Domain]], seen: str, by: User
) -> MiniProgram:
    """Save all hosts at once (D-1); saving what is there changes nothing and costs nothing.

    `seen` is the fingerprint of what the editor saw; raises Overtaken when somebody has saved since.
    """
    program, at = lock(program), timezone.now()
    current = domains_of(program)
    if fingerprint(current) != seen:
        raise Overtaken(_("Someone else changed the server domains while you were editing."))
    if fingerprint(lists) == seen:
        return program
    if refusal := rules.why_not_change_domains(domain_changes(program, at=at), at=at):
        raise Refused(refusal)
    before, after = {}, {}
    for kind in DomainType:
        wanted, there = set(lists[kind]), {Domain(row.host, row.port): row for row in current[kind]}
        gone, new = there.keys() - wanted, wanted - there.keys()
        if gone or new:
            before[kind.value] = sorted(domain.origin(kind) for domain in gone)
            after[kind.value] = sorted(domain.origin(kind) for domain in new)
        ServerDomain.objects.filter(pk__in=[there[domain].pk for domain in gone]).delete()
        ServerDomain.objects.bulk_create(
            ServerDomain(mini_program=program, kind=kind, host=domain.host, port=domain.port) for domain in new
        )
    touch(program, Verb.DOMAINS_CHANGED)
    write_entry(Verb.DOMAINS_CHANGED, program, by=by, before=before, after=after)
    return program


# Exemptions and interface permissions -----------------------------------------------------------------------------


@transaction.atomic
def apply_for_exemption(
    program: MiniProgram, *, application: HostApplication, reason: str, by: User
) -> DomainExemption:
    """Ask an application to let the program skip domain verification (D-2)."""
    program = lock(program)
    _refuse_unbound(program, application)
    if DomainExemption.objects.live().filter(mini_program=program, application=application).exists():
        raise Refused(_("This application was already asked, or has granted it."), field="application")
    grant = DomainExemption(mini_program=program, application=application, requested_by=by, reason=reason)
    return _ask(grant, by=by)


@transaction.atomic
def apply_for_permissions(
    program: MiniProgram, *, application: HostApplication, apis: Iterable[str], reason: str, by: User
) -> list[ApiPermission]:
    """Ask an application for restricted APIs of its list, each to be decided by itself (D-3)."""
    program = lock(program)
    _refuse_unbound(program, application)
    wanted = sorted(set(apis))
    restricted = set(application.apis.filter(name__in=wanted, restricted=True).values_list("name", flat=True))
    live = ApiPermission.objects.live().filter(mini_program=program, application=application, api__in=wanted)
    asked = set(live.values_list("api", flat=True))
    for api in wanted:
        if api not in restricted:
            raise Refused(
                _("%(api)s is not restricted by %(application)s.") % {"api": api, "application": application},
                field="apis",
            )
        if api in asked:
            raise Refused(_("%(api)s was already asked for, or is granted.") % {"api": api}, field="apis")
    if not wanted:
        raise Refused(_("Choose at least one API."), field="apis")
    common = {"mini_program": program, "application": application, "requested_by": by, "reason": reason}
    return [_ask(ApiPermission(api=api, **common), by=by) for api in wanted]


@transaction.atomic
def withdraw(grant: G, *, by: User) -> G:
    """Take back a request that nobody has decided, and tell who would have; raises Overtaken when someone has."""
    lock(grant.mini_program)
    decisions.move(grant, source=DecisionState.WAITING, state=DecisionState.WITHDRAWN)
    _note(grant, "withdrawn", by=by, before=DecisionState.WAITING)
    _tell_reviewers(grant, gettext_lazy("Withdrawn: %(subject)s"), by=by)
    return grant


@transaction.atomic
def give_up(grant: G, *, by: User) -> G:
    """End what was granted from the mini program's side, and tell the application's reviewers."""
    lock(grant.mini_program)
    _end(grant, by=by)
    _note(grant, "given_up", by=by, before=DecisionState.APPROVED)
    _tell_reviewers(grant, gettext_lazy("Given up: %(subject)s"), by=by)
    return grant


@transaction.atomic
def decide(grant: G, *, approve: bool, by: User, note: str = "") -> G:
    """Grant or reject; raises Refused while the application does not serve the program."""
    program = lock(grant.mini_program)
    if approve:
        _refuse_unbound(program, grant.application)
    decisions.settle(grant, approve=approve, by=by, note=note)
    _note(grant, "approved" if approve else "rejected", by=by, before=DecisionState.WAITING, reason=note)
    text = gettext_lazy("%(application)s rejected: %(subject)s")
    if approve:
        text = gettext_lazy("%(application)s granted: %(subject)s")
    _tell_developers(grant, text, by=by, detail=note)
    return grant


@transaction.atomic
def revoke(grant: G, *, by: User, reason: str) -> G:
    """End what was granted from the application's side, with a reason that the developers read; the device's next
    policy is without it (D-4).
    """
    if not reason.strip():
        raise Refused(_("Say why: the mini program's team will read it."), field="note")
    lock(grant.mini_program)
    _end(grant, by=by, reason=reason)
    _note(grant, "revoked", by=by, before=DecisionState.APPROVED, reason=reason)
    _tell_developers(grant, gettext_lazy("%(application)s revoked: %(subject)s"), by=by, detail=reason, managers=True)
    return grant


def end_with_binding(binding: Binding, *, by: User, removed: bool) -> None:
    """End what the application granted the program and withdraw what waits; inside the transaction of the unbinding.

    It is revoked when the application `removed` the program, for the same reason, and given up otherwise. The list of
    programs goes on showing the unbinding as the last change.
    """
    move, reason = ("revoked", binding.end_reason) if removed else ("given_up", "")
    kinds: tuple[type[ProgramGrant], ...] = (DomainExemption, ApiPermission)
    for kind in kinds:
        live = kind.objects.live().filter(mini_program=binding.mini_program, application=binding.application)
        for grant in live.select_related("application"):
            grant.mini_program = binding.mini_program
            if grant.state == DecisionState.APPROVED:
                _end(grant, by=by, reason=reason)
                _record(grant, move, by=by, before=DecisionState.APPROVED, reason=reason)
            else:
                decisions.move(grant, source=DecisionState.WAITING, state=DecisionState.WITHDRAWN)
                _record(grant, "withdrawn", by=by, before=DecisionState.WAITING)


def _refuse_unbound(program: MiniProgram, application: HostApplication) -> None:
    if not program.bindings.bound().filter(application=application).exists():
        raise Refused(
            _("%(program)s is not bound to %(application)s.") % {"program": program, "application": application},
            field="application",
        )


def _ask(grant: G, *, by: User) -> G:
    decisions.ask(grant)
    _note(grant, "requested", by=by, before=None, reason=grant.reason)
    return grant


def _end(grant: ProgramGrant, *, by: User, reason: str = "") -> None:
    decisions.move(
        grant,
        source=DecisionState.APPROVED,
        state=DecisionState.ENDED,
        ended_at=timezone.now(),
        ended_by=by,
        end_reason=reason.strip(),
    )


def _note(grant: ProgramGrant, move: str, *, by: User, before: str | None, reason: str = "") -> None:
    """Write the entry, and what the list shows as the last change."""
    touch(grant.mini_program, _verb(grant, move), label=_api(grant) or f"{grant.mini_program} – {grant.application}")
    _record(grant, move, by=by, before=before, reason=reason)


def _record(grant: ProgramGrant, move: str, *, by: User, before: str | None, reason: str = "") -> None:
    """Write the entry."""
    api = _api(grant)
    write_entry(
        _verb(grant, move),
        grant.mini_program,
        by=by,
        on=grant,
        label=f"{api + ', ' if api else ''}{grant.mini_program} – {grant.application}",
        application_id=grant.application.application_id,
        before={"state": before} if before else None,
        after={"state": grant.state},
        reason=reason,
    )


def _verb(grant: ProgramGrant, move: str) -> Verb:
    return Verb(f"{'permission' if _api(grant) else 'exemption'}.{move}")


def _api(grant: ProgramGrant) -> str:
    return grant.api if isinstance(grant, ApiPermission) else ""


def _tell_reviewers(grant: ProgramGrant, text: Promise, *, by: User) -> None:
    notify(
        [user for user in decisions.reviewers_of(grant.application) if user != by],
        kind=NotificationKind.REVIEW,
        text=lambda: str(text) % {"subject": grant.subject()},
        url=grant.get_absolute_url(),
    )


def _tell_developers(grant: ProgramGrant, text: Promise, *, by: User, detail: str, managers: bool = False) -> None:
    """Tell who asked; with `managers` also who manages the program, as its devices are about to lose something."""
    team = grant.mini_program.team
    told = {*member_or_managers(grant.requested_by, team=team)}
    told |= {*members_with(team, Permission.MANAGE)} if managers else set()
    notify(
        [user for user in told if user != by],
        kind=NotificationKind.DECISION,
        text=lambda: str(text) % {"application": grant.application, "subject": grant.subject()},
        detail=lambda: detail,
        url=grant.developer_url(),
    )


# Saved queries: personal, so that no activity log tells of them -----------------------------------------------------


@transaction.atomic
def save_query(program: MiniProgram, *, name: str, query: str, by: User) -> SavedQuery:
    """Keep criteria of the log page for one person, under a name that this person has not used yet (D-6)."""
    program = lock(program)
    if len(query) > QUERY_LENGTH:
        raise Refused(_("These criteria are too long to be saved."))
    if SavedQuery.objects.filter(mini_program=program, user=by).count() >= MOST_SAVED_QUERIES:
        raise Refused(
            _("You have saved %(most)d queries for this mini program. Delete one first.") % {"most": MOST_SAVED_QUERIES}
        )
    with refusing_duplicate("saved_query_once", _("You already have a query with this name."), field="name"):
        return SavedQuery.objects.create(mini_program=program, user=by, name=name, query=query)


def delete_query(saved: SavedQuery) -> None:
    """Forget a saved query."""
    SavedQuery.objects.filter(pk=saved.pk).delete()
