"""The verbs of development management."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict, refuse_if, refusing_duplicate
from console.base.hosts import decisions
from console.base.hosts.models import HostApplication
from console.base.hosts.rules import why_not_own
from console.base.hosts.states import DecisionState
from devmgmt import events, expiry, rules, submissions
from devmgmt.matching import Domain, fingerprint
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant, SavedQuery, ServerDomain
from devmgmt.states import MOST_ASKED, DomainType
from miniprograms.actions import lock
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
    entries = ActivityEntry.objects.of_program(program.app_id).filter(verb=events.DomainsChanged.name)
    return entries.filter(at__gte=rules.month_of(at), at__lt=rules.next_month(at)).count()


@transaction.atomic
def change_domains(
    program: MiniProgram,
    *,
    lists: Mapping[str, Collection[Domain]],
    seen: str,
    by: User,
    at: datetime | None = None,
) -> MiniProgram:
    """Save all hosts together (D-1); saving what is there changes nothing and costs nothing.

    `seen` is the fingerprint of what the editor saw; raises Conflict when somebody has saved since.
    """
    program, at = lock(program), at or timezone.now()
    current = domains_of(program)
    if fingerprint(current) != seen:
        raise Conflict(_("The server domains changed while you were editing."))
    if fingerprint(lists) == seen:
        return program
    refuse_if(rules.why_not_change_domains(domain_changes(program, at=at), at=at))
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
    emit(events.DomainsChanged(program, by=by, at=at, before=before, after=after))
    return program


# Exemptions and interface permissions -----------------------------------------------------------------------------


@transaction.atomic
def apply_for_exemption(
    program: MiniProgram, *, application: HostApplication, reason: str, by: User, at: datetime | None = None
) -> DomainExemption:
    """Ask an application to let the program skip domain verification (D-2); again, if it does so for a time (D-10)."""
    program, at = lock(program), at or timezone.now()
    _refuse_unbound(program, application)
    live = expiry.live_of(DomainExemption, program, application, at=at)
    if any(not grant.can_be_renewed for grant in live):
        raise ActionRefused(_("Already requested from this host app, or granted by it."), field="application")
    grant = DomainExemption(mini_program=program, application=application, requested_by=by, reason=reason)
    grant.renews = live[0] if live else None
    decisions.ask(grant, at=at)
    _emit_asked(grant, by=by, at=at)
    return grant


@transaction.atomic
def apply_for_permissions(
    program: MiniProgram,
    *,
    application: HostApplication,
    apis: Iterable[str],
    reason: str,
    by: User,
    at: datetime | None = None,
) -> list[ApiPermission]:
    """Ask an application for restricted APIs of its list: one item of its inbox, each decided by itself (D-3).

    One that is granted until some day is asked for again (D-10).
    """
    program, at = lock(program), at or timezone.now()
    _refuse_unbound(program, application)
    wanted = sorted(set(apis))
    live = expiry.live_of(ApiPermission, program, application, at=at)
    _refuse_unaskable(wanted, application, live)
    common = {"mini_program": program, "application": application, "requested_by": by, "reason": reason}
    ending = {grant.api: grant for grant in live}
    rows = [ApiPermission(api=api, renews=ending.get(api), **common) for api in wanted]
    for row in submissions.ask(rows, at=at):
        _emit_asked(row, by=by, at=at)
    return rows


@transaction.atomic
def withdraw(grant: G, *, by: User, at: datetime | None = None) -> G:
    """Take back a request that nobody has decided, and notify who would have; raises Conflict when someone has."""
    grant.mini_program = lock(grant.mini_program)
    decisions.move(grant, source=DecisionState.WAITING, state=DecisionState.WITHDRAWN)
    emit(events.moves_of(grant).withdrawn(grant, was=DecisionState.WAITING, by=by, at=at))
    return grant


@transaction.atomic
def give_up(grant: G, *, by: User, at: datetime | None = None) -> G:
    """End what was granted from the mini program's side, and notify the application's reviewers."""
    grant.mini_program, at = lock(grant.mini_program), at or timezone.now()
    _end(grant, by=by, at=at)
    emit(events.moves_of(grant).given_up(grant, was=DecisionState.APPROVED, by=by, at=at))
    return grant


@transaction.atomic
def decide(
    grant: G,
    *,
    approve: bool,
    by: User,
    note: str = "",
    until: datetime | None = None,
    at: datetime | None = None,
) -> G:
    """Grant, without end or `until` some time (D-10), or reject.

    Raises ActionRefused while the application does not serve the program, and as `decisions.settle` does.
    """
    grant.mini_program = lock(grant.mini_program)
    _decide(grant, approve=approve, by=by, note=note, until=until, at=at or timezone.now())
    return grant


@dataclass(frozen=True)
class Ruling:
    """What a reviewer decides on one request of several."""

    grant: ApiPermission
    approve: bool
    note: str = ""


@transaction.atomic
def decide_together(
    rulings: Collection[Ruling], *, by: User, until: datetime | None = None, at: datetime | None = None
) -> list[ApiPermission]:
    """Decide several requests of one submission: all of them or, when one is refused, none (D-3).

    Each has its own entry; who asked has one notification. Raises ActionRefused and Conflict as `decide` does; the
    field of what is about one request ends in its primary key: `note_17`, or `ruling_17` for the request itself.
    """
    at = at or timezone.now()
    program = lock(next(iter(rulings)).grant.mini_program)
    for ruling in sorted(rulings, key=lambda ruling: ruling.grant.pk):
        grant = ruling.grant
        grant.mini_program = program
        refuse_if(why_not_own(grant, by=by))
        with submissions.refusing(grant):
            quiet = len(rulings) > 1
            _decide(grant, approve=ruling.approve, by=by, note=ruling.note, until=until, at=at, quiet=quiet)
    decided = [ruling.grant for ruling in rulings]
    if len(decided) > 1:
        submissions.notify_decided(decided, by=by, at=at)
    return decided


@transaction.atomic
def approve_together(
    permissions: Collection[ApiPermission], *, by: User, until: datetime | None = None, at: datetime | None = None
) -> list[ApiPermission]:
    """Approve requests of any programs to any applications: all of them or none, as `decide_together` does."""
    items: dict[tuple[int, int, int], list[Ruling]] = {}
    for row in permissions:
        items.setdefault((row.mini_program_id, row.application_id, row.item), []).append(Ruling(row, approve=True))
    # In the order of the programs, whose locks are kept to the end: two of these never wait for each other.
    return [row for key in sorted(items) for row in decide_together(items[key], by=by, until=until, at=at)]


def _decide(
    grant: ProgramGrant,
    *,
    approve: bool,
    by: User,
    note: str,
    until: datetime | None,
    at: datetime,
    quiet: bool = False,
) -> None:
    """Settle a request of a program that is locked, and let what it renews end."""
    if approve:
        _refuse_unbound(grant.mini_program, grant.application)
        refuse_if(rules.why_not_until(until, at=at), field="until")
    decisions.settle(grant, approve=approve, by=by, at=at, note=note, also={"expires_at": until} if approve else None)
    moves = events.moves_of(grant)
    event = moves.approved if approve else moves.rejected
    emit(event(grant, was=DecisionState.WAITING, by=by, at=at, reason=note, quiet=quiet))
    if approve:
        expiry.replace(grant, by=by, at=at)


@transaction.atomic
def revoke(grant: G, *, by: User, reason: str, at: datetime | None = None) -> G:
    """End what was granted from the application's side, with a reason that the developers read; the device's next
    policy is without it (D-4).
    """
    if not reason.strip():
        raise ActionRefused(_("Enter a reason. The mini program’s team will see it."), field="note")
    grant.mini_program, at = lock(grant.mini_program), at or timezone.now()
    _end(grant, by=by, at=at, reason=reason)
    emit(events.moves_of(grant).revoked(grant, was=DecisionState.APPROVED, by=by, at=at, reason=reason))
    return grant


def end_with_binding(binding: Binding, *, by: User, removed: bool, at: datetime) -> None:
    """End what the application granted the program and withdraw what waits; inside the transaction of the unbinding.

    It is revoked when the application `removed` the program, for the same reason, and withdrawn otherwise. Nobody is
    notified again, and the list of programs goes on showing the unbinding as the last change.
    """
    kinds: tuple[type[ProgramGrant], ...] = (DomainExemption, ApiPermission)
    for kind in kinds:
        for grant in expiry.live_of(kind, binding.mini_program, binding.application, at=at):
            grant.mini_program, grant.application = binding.mini_program, binding.application
            moves, was = events.moves_of(grant), grant.state
            event, reason = moves.withdrawn, ""
            if was == DecisionState.APPROVED:
                event, reason = (moves.revoked, binding.end_reason) if removed else (moves.given_up, "")
                _end(grant, by=by, at=at, reason=reason)
            else:
                decisions.move(grant, source=DecisionState.WAITING, state=DecisionState.WITHDRAWN)
            emit(event(grant, was=was, by=by, at=at, reason=reason, aside=True, quiet=True))


def _refuse_unbound(program: MiniProgram, application: HostApplication) -> None:
    if not program.bindings.bound().filter(application=application).exists():
        raise ActionRefused(
            _("%(program)s isn’t bound to %(application)s.") % {"program": program, "application": application},
            field="application",
        )


def _refuse_unaskable(wanted: Sequence[str], application: HostApplication, live: Iterable[ApiPermission]) -> None:
    restricted = set(application.apis.filter(name__in=wanted, restricted=True).values_list("name", flat=True))
    asked = {grant.api for grant in live if not grant.can_be_renewed}
    for api in wanted:
        if api not in restricted:
            raise ActionRefused(
                _("%(application)s doesn’t restrict %(api)s.") % {"api": api, "application": application},
                field="apis",
            )
        if api in asked:
            raise ActionRefused(_("%(api)s has already been requested or granted.") % {"api": api}, field="apis")
    if not wanted:
        raise ActionRefused(_("Choose at least one API."), field="apis")
    if len(wanted) > MOST_ASKED:
        raise ActionRefused(_("Choose at most %(most)d APIs at a time.") % {"most": MOST_ASKED}, field="apis")


def _emit_asked(grant: ProgramGrant, *, by: User, at: datetime) -> None:
    emit(events.moves_of(grant).requested(grant, was=None, by=by, at=at, reason=grant.reason))


def _end(grant: ProgramGrant, *, by: User, at: datetime, reason: str = "") -> None:
    end = {"ended_at": at, "ended_by": by, "end_reason": reason.strip()}
    decisions.move(grant, source=DecisionState.APPROVED, state=DecisionState.ENDED, **end)


# Saved queries: the activity log has those that the team shares, and nothing that is one person's alone -------------


@transaction.atomic
def save_query(
    program: MiniProgram, *, name: str, query: str, by: User, is_shared: bool = False, at: datetime | None = None
) -> SavedQuery:
    """Keep criteria of the log page for one person, or for the team, under a name that is new there (D-6, D-8)."""
    program = lock(program)
    refuse_if(rules.why_not_keep_criteria(query))
    refuse_if(rules.why_no_more_queries(program, by, is_shared=is_shared), field="shared" if is_shared else None)
    with _once_by_name():
        saved = SavedQuery.objects.create(mini_program=program, user=by, name=name, query=query, is_shared=is_shared)
    if is_shared:
        emit(events.QueryShared(saved, by=by, at=at, after={"name": name}))
    return saved


@transaction.atomic
def change_query(
    saved: SavedQuery, *, name: str, is_shared: bool, by: User, query: str | None = None, at: datetime | None = None
) -> SavedQuery:
    """Rename a saved query, share it or take it back, and give it other criteria; nothing changed writes nothing."""
    program = lock(saved.mini_program)
    row = SavedQuery.objects.filter(pk=saved.pk).select_related("mini_program", "user").first()
    if row is None or row.is_shared != saved.is_shared:
        raise Conflict(_("Someone else changed this query. Reload the page."))
    refuse_if(rules.why_not_keep_criteria(query or ""))
    was_shared = row.is_shared
    if is_shared != was_shared:
        refuse_if(rules.why_no_more_queries(program, row.user, is_shared=is_shared), field="shared")
    wanted = {"name": name, "query": row.query if query is None else query}
    before = {key: getattr(row, key) for key, value in wanted.items() if getattr(row, key) != value}
    if not before and is_shared == was_shared:
        return row
    row.name, row.query, row.is_shared = name, wanted["query"], is_shared
    with _once_by_name():
        row.save(update_fields=["name", "query", "is_shared"])
    if is_shared and not was_shared:
        emit(events.QueryShared(row, by=by, at=at, after={"name": name}))
    elif was_shared and not is_shared:
        emit(events.QueryUnshared(row, by=by, at=at, before={"name": before.get("name", name)}))
    elif was_shared:
        emit(events.QueryChanged(row, by=by, at=at, before=before, after={key: wanted[key] for key in before}))
    return row


@transaction.atomic
def delete_query(saved: SavedQuery, *, by: User, at: datetime | None = None) -> None:
    """Delete a saved query; one that is gone already is no error."""
    lock(saved.mini_program)
    row = SavedQuery.objects.filter(pk=saved.pk, is_shared=saved.is_shared).select_related("mini_program").first()
    if row is None:
        return
    SavedQuery.objects.filter(pk=row.pk).delete()
    if row.is_shared:
        emit(events.QueryUnshared(row, by=by, at=at, before={"name": row.name}))


@contextmanager
def _once_by_name() -> Iterator[None]:
    """Refuse a name that is taken: a person's names are once for a program, and so are those of its team."""
    mine, ours = _("You already have a query with this name."), _("The team already has a query with this name.")
    with refusing_duplicate("saved_query_shared_once", ours, field="name"):
        with refusing_duplicate("saved_query_once", mine, field="name"):
            yield
