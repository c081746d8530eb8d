"""Questions across all kinds of requests: the inbox, and what an application has and waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Case, CharField, Count, Exists, Expression, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower

from console.base.accounts.models import User
from console.base.core.states import badge_of
from console.base.hosts.models import ApplicationMember, Decision, DefaultApi, HostApplication, SensitiveApi
from console.base.hosts.querysets import DecisionQuerySet, DefaultApiQuerySet, HostApplicationQuerySet
from console.base.hosts.states import DecisionState
from devmgmt import submissions
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from devmgmt.querysets import GRANTED, GrantQuerySet
from miniprograms.models import Binding, MiniProgram
from releases.models import Report, ReviewDecision, Version
from releases.querysets import VersionQuerySet

AUDIT, BINDING, EXEMPTION, PERMISSION = "audit", "binding", "exemption", "permission"
MODELS: Mapping[str, type[Decision]] = {
    AUDIT: ReviewDecision,
    BINDING: Binding,
    EXEMPTION: DomainExemption,
    PERMISSION: ApiPermission,
}
PEOPLE = ("application", "requested_by", "decided_by")
LOADED: Mapping[str, tuple[str, ...]] = {
    AUDIT: ("audit__version", "audit__mini_program__team", *PEOPLE),
    BINDING: ("mini_program__team", *PEOPLE),
    EXEMPTION: ("mini_program__team", "ended_by", "renews", *PEOPLE),
    PERMISSION: ("mini_program__team", "ended_by", "renews", *PEOPLE),
}
LINE = ("waits_since", "-closed_at", "kind", "pk")
ORDERS = {"program": ("program",), "application": ("application__name",), "asked": ("requested_at",)}
Requests = Mapping[str, DecisionQuerySet]
DECIDED = ("decided_at", "requested_at")
ENDED = ("ended_at", *DECIDED)  # of grants


@dataclass(frozen=True)
class Line:
    """A request as lists show it; `what` says which of the program's: the version of an audit, the API's name.

    `together` holds all requests of an item with several, this one included, in their order.
    """

    kind: str
    decision: Decision
    program: MiniProgram
    what: str
    together: tuple[ApiPermission, ...] = ()

    @property
    def states(self) -> list[tuple[str, str]]:
        """The states of an item with several, each with how many: “2 Approved”."""
        counted = Counter(decision.shown_state for decision in self.together)
        return [(state, f"{count} {badge_of(state)[1]}") for state, count in counted.items()]

    @property
    def apis(self) -> list[str]:
        """The APIs of an item with several."""
        return [permission.api for permission in self.together]

    @property
    def renewed(self) -> list[ProgramGrant]:
        """The grants whose place its requests take, what ends first first (D-10)."""
        rows: Sequence[ProgramGrant] = self.together or (
            (self.decision,) if isinstance(self.decision, ProgramGrant) else ()
        )
        return sorted((old for row in rows if (old := row.replaces)), key=lambda old: (old.expires_at, old.pk))


def decidable_by(user: User) -> Requests:
    """Return every request of the applications in which `user` decides, by kind."""
    return {kind: model.objects.decidable_by(user) for kind, model in MODELS.items()}


def waiting_for(user: User) -> Requests:
    """Return the items that wait for this user, by kind; nobody decides what they asked for themselves (P-2).

    APIs that were asked for at once are one item (D-3), here and wherever items are counted.
    """
    return {kind: rows.waiting().not_own_of(user).items() for kind, rows in decidable_by(user).items()}


def count(requests: Requests) -> int:
    """Count all, in one query."""
    first, *rest = (rows.order_by().values("pk") for rows in requests.values())
    return first.union(*rest, all=True).count()


def grants_of(application: HostApplication) -> Requests:
    """Return what mini programs asked of the application beside bindings and audits, by kind (D-2, D-3)."""
    return {EXEMPTION: application.domainexemptions.all(), PERMISSION: application.apipermissions.all()}


def accepted_with(binding: Binding) -> VersionQuerySet:
    """Return the versions that a binding accepts, the online one first; none once it has ended (L-6, V-18)."""
    versions = binding.mini_program.versions
    return versions.accepted_with_binding() if binding.is_live else versions.none()


def reports_with(binding: Binding, version: Version) -> QuerySet[Report]:
    """Return what the reviewers of a binding may read of the reports on a version: those since they were asked."""
    return version.reports.filter(requested_at__gte=binding.requested_at)


def about(requests: DecisionQuerySet, words: str) -> DecisionQuerySet:
    """Keep the requests about what fits `words`: a mini program by name or App ID, a version's number, an API."""
    programs = MiniProgram.objects.matching(words).values("pk")
    if requests.model is ReviewDecision:
        numbered = Version.objects.numbered(words).values("pk")
        return requests.filter(Q(audit__mini_program__in=programs) | Q(audit__version__in=numbered))
    if requests.model is ApiPermission:
        return requests.filter(Q(mini_program__in=programs) | Q(api__icontains=words))
    return requests.filter(mini_program__in=programs)


def in_line(requests: Requests, *, order: str = "", closed: tuple[str, ...] = DECIDED) -> QuerySet[Any]:
    """Return kind and pk of all: what waits first, oldest first; then the rest, newest first.

    `order` is one of LineFilter's, with a `-` before it downwards. `closed` names what tells when something was over:
    the first of them that is set.
    """
    waits = Q(state=DecisionState.WAITING)
    parts = [
        rows.order_by()
        .annotate(
            kind=Value(kind, output_field=CharField()),
            waits_since=Case(When(waits, then=F("requested_at"))),
            closed_at=Case(When(~waits, then=Coalesce(*closed))),
        )
        .annotate(program=Lower("audit__mini_program__name" if kind == AUDIT else "mini_program__name"))
        .values("kind", "pk", "waits_since", "closed_at", "requested_at", "application__name", "program")
        for kind, rows in requests.items()
    ]
    first, *rest = parts
    # PostgreSQL sorts NULL last going up and first going down: the waiting ones, which have no `closed_at`, lead.
    fields = ORDERS.get(order.removeprefix("-"), ())
    turned = [f"-{name}" for name in fields] if order.startswith("-") else fields
    line: QuerySet[Any] = first.union(*rest, all=True)
    return line.order_by(*turned, *LINE) if order != "-state" else line.order_by(*LINE).reverse()


def lines(rows: list[dict[str, Any]]) -> list[Line]:
    """Load what `in_line` named, in that order, each request by itself; a query for each kind that is there."""
    found: dict[str, dict[int, Any]] = {}
    for kind, paths in LOADED.items():
        pks = [row["pk"] for row in rows if row["kind"] == kind]
        found[kind] = MODELS[kind].objects.select_related(*paths).in_bulk(pks)
    return [line(row["kind"], found[row["kind"]][row["pk"]]) for row in rows]


def item_lines(rows: list[dict[str, Any]]) -> list[Line]:
    """Load the items that `in_line` named, each with all of its requests; one query more."""
    found = lines(rows)
    shown = [line.decision for line in found if isinstance(line.decision, ApiPermission)]
    items: dict[int, list[ApiPermission]] = {}
    together = ApiPermission.objects.together_with(shown).select_related("renews").order_by("pk")
    for permission in together if shown else ():
        items.setdefault(permission.item, []).append(permission)
    return [_item(line, items) for line in found]


def _item(line: Line, items: Mapping[int, list[ApiPermission]]) -> Line:
    together = items[line.decision.item] if isinstance(line.decision, ApiPermission) else []
    if len(together) < 2:
        return line
    return replace(line, what=submissions.apis(len(together)), together=tuple(together))


def waiting_together() -> Coalesce:
    """Return, for a query of interface permissions, how many of the same item wait."""
    same = ApiPermission.objects.waiting().filter(mini_program=OuterRef("mini_program"))
    item = Coalesce(OuterRef("submission"), OuterRef("pk"))
    of_one = same.alias(item=Coalesce("submission", "pk")).filter(item=item).order_by().values("mini_program")
    return Coalesce(Subquery(of_one.annotate(n=Count("pk")).values("n")), 0)


def submission_of(permission: ApiPermission) -> list[ApiPermission]:
    """Return the requests that were sent with this one, itself included, in their order."""
    people = ("mini_program__team", "application", "requested_by", "decided_by", "renews")
    return list(ApiPermission.objects.together_with([permission]).select_related(*people).order_by("pk"))


def read_again(permissions: list[ApiPermission]) -> None:
    """Read how these requests stand now; one query."""
    fresh = ApiPermission.objects.select_related("decided_by").in_bulk([permission.pk for permission in permissions])
    for permission in permissions:
        for name in ("state", "decided_by", "decided_at", "note", "expires_at"):
            setattr(permission, name, getattr(fresh[permission.pk], name))


def line(kind: str, decision: Any) -> Line:
    """Return a request by itself, as lists show it."""
    if kind == AUDIT:
        return Line(kind, decision, decision.audit.mini_program, decision.audit.version.number)
    return Line(kind, decision, decision.mini_program, decision.api if kind == PERMISSION else "")


def with_counts(applications: HostApplicationQuerySet, user: User) -> HostApplicationQuerySet:
    """Annotate `bound` (mini programs served), `waiting` (requests of any kind) and `own_role` of `user`."""
    return applications.annotate(
        bound=bound(),
        waiting=waiting(),
        own_role=Coalesce(
            Subquery(ApplicationMember.objects.filter(application=OuterRef("pk"), user=user).values("role")),
            Value(""),
        ),
    )


def bound() -> Coalesce:
    """Return, for a query of applications, how many mini programs each serves."""
    return _count(Binding.objects.bound())


def waiting() -> Expression:
    """Return, for a query of applications, how many requests of any kind wait."""
    first, *rest = (_count(model.objects.waiting().items()) for model in MODELS.values())
    return reduce(add, rest, first)


def with_grants(apis: QuerySet[SensitiveApi]) -> QuerySet[SensitiveApi]:
    """Annotate `granted` (mini programs that were granted the API) and `is_default` (every application has it)."""
    granted = ApiPermission.objects.granted().filter(application=OuterRef("application"), api=OuterRef("name"))
    counted = granted.order_by().values("api").annotate(n=Count("pk")).values("n")
    return apis.annotate(
        granted=Coalesce(Subquery(counted), 0),
        is_default=Exists(DefaultApi.objects.filter(name=OuterRef("name"))),
    )


def with_use(apis: DefaultApiQuerySet) -> DefaultApiQuerySet:
    """Annotate `restricting`, how many applications restrict it, and `granted`, how many mini programs may call it."""
    restricted = SensitiveApi.objects.filter(name=OuterRef("name"), restricted=True).order_by().values("name")
    granted = ApiPermission.objects.granted().filter(api=OuterRef("name")).order_by().values("api")
    return apis.annotate(
        restricting=Coalesce(Subquery(restricted.annotate(n=Count("pk")).values("n")), 0),
        granted=Coalesce(Subquery(granted.annotate(n=Count("mini_program", distinct=True)).values("n")), 0),
    )


def _count(decisions: DecisionQuerySet) -> Coalesce:
    """Count the decisions of each application."""
    of_one = decisions.filter(application=OuterRef("pk")).order_by().values("application")
    return Coalesce(Subquery(of_one.annotate(n=Count("pk")).values("n")), 0)


def granted_counts(binding: Binding) -> dict[str, int]:
    """Return how many exemptions and permissions would end with the binding, by kind."""
    requests = grants_of(binding.application)
    return {kind: rows.filter(GRANTED, mini_program=binding.mini_program).count() for kind, rows in requests.items()}


def _asked(apis: Sequence[SensitiveApi]) -> GrantQuerySet:
    """Return all requests for some APIs of one application."""
    return ApiPermission.objects.filter(application=apis[0].application, api__in=[api.name for api in apis])


def holders(apis: Sequence[SensitiveApi]) -> int:
    """Return how many grants mini programs have of these APIs of one application."""
    return _asked(apis).granted().count()


def others_than_holders(apis: Sequence[SensitiveApi]) -> list[str]:
    """Return the names of the bound mini programs that were not granted each of these APIs of one application."""
    granted = _asked(apis).granted().order_by().values("mini_program")
    every = granted.annotate(apis=Count("api", distinct=True)).filter(apis=len(apis))
    bound = apis[0].application.bindings.bound().exclude(mini_program__in=every.values("mini_program"))
    return list(bound.order_by("mini_program__name").values_list("mini_program__name", flat=True))


def waiting_for_apis(apis: Sequence[SensitiveApi]) -> int:
    """Return how many requests for these APIs of one application wait for a decision."""
    return _asked(apis).waiting().count()


def is_bound(program: MiniProgram, application: HostApplication) -> bool:
    """Whether the application serves the program: what the program does is its reviewers' business then (P-1)."""
    return bool(program.bindings.bound().filter(application=application).exists())
