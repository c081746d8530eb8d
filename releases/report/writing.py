"""Writes review reports: reads the package, compares it with what is online, granted, configured and declared (V-9)."""

from __future__ import annotations

import logging
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet

from console.base.core import metrics
from console.base.core.only_run import only_run
from console.base.hosts.models import HostApplication, SensitiveApi
from devmgmt import matching
from devmgmt.keys.models import AppSecret
from devmgmt.models import ApiPermission, DomainExemption, ServerDomain
from devmgmt.states import DomainType
from miniprograms.models import MiniProgram
from miniprograms.privacy.models import FoundData, PrivacyAgreement, PrivacyDraft
from miniprograms.privacy.states import DATA_OF_API, DataType, data_of
from releases.models import Package, Report, Version
from releases.report.comparison import base_of, compare
from releases.report.content import ApiUse, Content, DataUse, DomainUse, FileSize, Grant, listed_as
from releases.report.identity import identity_of
from releases.scan import OriginUse, Scan, Secret, Use
from releases.scan.scanning import scan

T = TypeVar("T")
logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # a worker that has not written by then is taken for dead
PAUSE = timedelta(minutes=1)  # after a failure, for each try so far
MOST_TRIES = 3
WRITING = 0x72657074  # class of the advisory locks, one for each team
MOST_WAITING = 1000  # reports that are looked at for whose turn it is
RUN_SECONDS = 60  # no new report is begun after that; the next sweep goes on

LARGEST = 20  # files
MOST_DOMAINS, MOST_SECRETS, MOST_UNREAD, MOST_PAGES = 300, 200, 100, 500
MOST_OTHERS, MOST_OPEN = 300, 100


# The rows ----------------------------------------------------------------------------------------------------------


def write_waiting(*, at: datetime) -> int:
    """Write every report that waits at `at`, for at most RUN_SECONDS; return how many were written.

    A report is leased, not locked, while it is written: a transaction is never long. Several processes write together,
    but one at a time for each team: who uploads a package that takes minutes waits for it alone.
    """
    began, written = time.monotonic(), 0
    while (passed := time.monotonic() - began) < RUN_SECONDS:
        now = at + timedelta(seconds=passed)
        result = _write_one(at=now)
        if result is None:
            break
        written += result
    return written


def _write_one(*, at: datetime) -> bool | None:
    """Write the report that has waited longest among the teams that nobody writes for; None when there is none."""
    for team in _teams_waiting(at=at):
        with only_run(WRITING, team) as is_ours:
            if is_ours and (report := _take(team, at=at)):
                return _write(report, at=at)
    return None


def backlog(*, at: datetime) -> tuple[int, datetime | None]:
    """Return how many reports wait at `at`, and since when the first of them does."""
    found = _due(at=at).aggregate(count=Count("pk"), since=Min("requested_at"))
    return found["count"], found["since"]


def _due(*, at: datetime) -> QuerySet[Report]:
    return Report.objects.filter(Q(next_at=None) | Q(next_at__lte=at), written_at=None, failed=False)


def _teams_waiting(*, at: datetime) -> list[int]:
    """Return the teams with reports to write, who has waited longest first."""
    rows = _due(at=at).order_by("id").values_list("version__mini_program__team", flat=True)[:MOST_WAITING]
    return list(dict.fromkeys(rows))


@transaction.atomic
def _take(team: int, *, at: datetime) -> Report | None:
    """Lease the team's report that has waited longest; those whose tries are used up fail."""
    due = _due(at=at).filter(version__mini_program__team=team)
    due.filter(tries__gte=MOST_TRIES).update(failed=True)
    report = due.order_by("id").select_for_update(skip_locked=True, of=("self",)).first()
    if report is None:
        return None
    report.tries, report.next_at = report.tries + 1, at + LEASE
    report.save(update_fields=["tries", "next_at"])
    return report


def _write(report: Report, *, at: datetime) -> bool:
    """Write one; whatever goes wrong is tried again later, a few times. Returns whether it was written."""
    began = time.monotonic()
    ours = Report.objects.filter(pk=report.pk, tries=report.tries, written_at=None, failed=False)
    try:
        version = Version.objects.select_related("mini_program__team", "package").get(pk=report.version_id)
        with metrics.timed(metrics.report_seconds):
            content = content_of(version)
        finished = at + timedelta(seconds=time.monotonic() - began)
        with transaction.atomic():
            is_ours = bool(ours.update(content=msgspec.to_builtins(content), written_at=finished, next_at=None))
            if is_ours:
                _keep_found_data(version, content, at=finished)
    except Exception:
        logger.exception("report %s could not be written", report.pk)
        ours.update(failed=report.tries >= MOST_TRIES, next_at=at + PAUSE * report.tries)
        return False
    return is_ours


def _keep_found_data(version: Version, content: Content, *, at: datetime) -> None:
    """Keep the data types for the privacy pages; the newest report counts (S-3)."""
    found = {
        "version_number": version.number,
        "data_types": [use.data_type for use in content.data],
        "apis": [api for use in content.data for api in use.apis],
        "found_at": at,
    }
    row, is_new = FoundData.objects.get_or_create(mini_program=version.mini_program, defaults=found)
    if not is_new:
        FoundData.objects.filter(pk=row.pk, found_at__lt=at).update(**found)


# The content -------------------------------------------------------------------------------------------------------


def content_of(version: Version) -> Content:
    """Return the report on a version as things are now (V-9)."""
    began = time.monotonic()
    program, package = version.mini_program, version.package
    found = scan(_files(package))
    base = base_of(version)
    comparison = compare(package, base.package if base else None)
    pages_before = base.package.pages if base else []
    bound = list(program.bindings.bound().applications())
    asked = list(program.bindings.live().applications())  # Who is asked for a binding reads the report, too (V-18).
    names = [use.name for use in found.apis]
    agreement = program.privacy_agreements.first()
    data = _data(names, agreement)
    listed = _apis(found.apis, program, asked)
    left_out = dict(found.left_out)
    content = Content(
        size=package.size,
        unpacked_size=package.unpacked_size,
        file_count=len(package.files),
        largest=_largest(package),
        subpackages=[FileSize(subpackage["root"], subpackage["size"]) for subpackage in package.subpackages],
        base=base.number if base else "",
        added=len(comparison.added),
        removed=len(comparison.removed),
        changed=len(comparison.changed),
        growth=comparison.growth,
        pages=_first("pages", package.pages, MOST_PAGES, left_out),
        new_pages=_first("new_pages", _missing(package.pages, pages_before), MOST_PAGES, left_out),
        gone_pages=_first("gone_pages", _missing(pages_before, package.pages), MOST_PAGES, left_out),
        apis=listed,
        domains=_domains(_first("domains", _called_first(found.origins), MOST_DOMAINS, left_out), program),
        exempt=_exempt(program, bound),
        data=data,
        declared_unused=_unused(agreement, data),
        agreement=agreement.number if agreement else 0,
        secrets=_first("secrets", _secrets(found, program), MOST_SECRETS, left_out),
        unread=_first("unread", found.unread, MOST_UNREAD, left_out),
        seconds=0,
        drafted=[] if agreement else _declared(PrivacyDraft.objects.filter(mini_program=program).first()),
        left_out=left_out,
        others=_first("others", _others(found.apis, listed), MOST_OTHERS, left_out),
        open=_first("open", found.open, MOST_OPEN, left_out),
        frameworks=found.frameworks,
        script_size=found.script_size,
        followed_size=found.followed_size,
        applications=sorted(application.application_id for application in asked),
    )
    return msgspec.structs.replace(content, seconds=round(time.monotonic() - began, 2))


def _files(package: Package) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file, one at a time: a package is never unpacked as a whole."""
    with package.file.open("rb") as stored, zipfile.ZipFile(stored) as archive:
        for entry in archive.infolist():
            yield entry.filename, archive.read(entry)


def _first(name: str, found: list[T], most: int, left_out: dict[str, int]) -> list[T]:
    """Return as many as a report lists, and count the others."""
    if len(found) > most:
        left_out[name] = left_out.get(name, 0) + len(found) - most
    return found[:most]


def _missing(pages: list[str], others: list[str]) -> list[str]:
    known = set(others)
    return [page for page in pages if page not in known]


def _largest(package: Package) -> list[FileSize]:
    by_size = sorted(package.files, key=lambda file: (-file[1], file[0]))
    return [FileSize(path, size) for path, size, _sha256 in by_size[:LARGEST]]


# Granted -----------------------------------------------------------------------------------------------------------


def _apis(uses: list[Use], program: MiniProgram, bound: list[HostApplication]) -> list[ApiUse]:
    """Return the APIs that one of the applications lists, with what they are there."""
    called = {listed_as(use.name): use.name for use in uses} | {use.name: use.name for use in uses}
    listed = SensitiveApi.objects.filter(application__in=bound, name__in=called)
    allowed = ApiPermission.objects.granted().filter(mini_program=program, application__in=bound)
    granted = set(allowed.values_list("application_id", "api"))
    standing: dict[str, dict[str, Grant]] = {}
    for api in listed.select_related("application").order_by("restricted"):  # The strictest of two names counts.
        is_granted = (api.application_id, api.name) in granted
        grant: Grant = "public" if not api.restricted else "granted" if is_granted else "restricted"
        standing.setdefault(called[api.name], {})[api.application.application_id] = grant
    found = [ApiUse(use, standing[use.name]) for use in uses if use.name in standing]
    return sorted(found, key=lambda api: api.use.name)


def _others(uses: list[Use], listed: list[ApiUse]) -> list[Use]:
    """Return the APIs that no application lists, without what a framework does in every program."""
    names = {api.use.name for api in listed}
    return [use for use in uses if use.name not in names and use.how != "framework"]


# Configured --------------------------------------------------------------------------------------------------------


def _domains(origins: list[OriginUse], program: MiniProgram) -> list[DomainUse]:
    """Return the origins with the types of server domains that allow them, by the rules that devices follow (D-1)."""
    configured: dict[DomainType, list[ServerDomain]] = {kind: [] for kind in DomainType}
    for domain in program.server_domains.all():
        configured[DomainType(domain.kind)].append(domain)
    return [
        DomainUse(
            origin.use,
            origin.kind,
            [
                kind.value
                for kind, domains in configured.items()
                if matching.verdict(origin.use.name, kind, domains).allowed
            ],
            origin.is_called,
        )
        for origin in origins
    ]


def _called_first(origins: list[OriginUse]) -> list[OriginUse]:
    return sorted(origins, key=lambda origin: not origin.is_called)


def _exempt(program: MiniProgram, bound: list[HostApplication]) -> list[str]:
    exemptions = DomainExemption.objects.granted().filter(mini_program=program, application__in=bound)
    return sorted(exemptions.values_list("application__application_id", flat=True))


# Declared ----------------------------------------------------------------------------------------------------------


def _declared(statements: PrivacyAgreement | PrivacyDraft | None) -> list[str]:
    """Return the types of data that an agreement or a draft names, in the order of `DataType`."""
    named = {data_type for data_type, *_purpose in statements.data} if statements else set()
    return [value for value in DataType.values if value in named]


def _data(names: list[str], agreement: PrivacyAgreement | None) -> list[DataUse]:
    declared = _declared(agreement)
    return [
        DataUse(data_type, sorted(name for name in names if DATA_OF_API.get(name) == data_type), data_type in declared)
        for data_type in data_of(names)
    ]


def _unused(agreement: PrivacyAgreement | None, data: list[DataUse]) -> list[str]:
    used = {use.data_type for use in data}
    return [data_type for data_type in _declared(agreement) if data_type not in used]


# Secrets -----------------------------------------------------------------------------------------------------------


def _secrets(found: Scan, program: MiniProgram) -> list[Secret]:
    """Return the secrets that have the shape of one, and whatever literal is an AppSecret of the team by its hash."""
    suspects = {suspect.sha256: suspect for suspect in found.suspects}
    ours = AppSecret.objects.filter(mini_program__team=program.team_id, sha256__in=suspects)
    known = [suspects[sha256] for sha256 in ours.order_by("id").values_list("sha256", flat=True)]
    ours_first = [Secret("app_secret", one.hint, one.place, one.sha256) for one in known]
    named = {(one.sha256, one.place) for one in ours_first}
    others = [secret for secret in found.secrets if (secret.sha256, secret.place) not in named]
    return list(dict.fromkeys(_identified(secret, program) for secret in (*ours_first, *others)))


def _identified(secret: Secret, program: MiniProgram) -> Secret:
    """Return the secret with what it is known by in later reports, in place of the hash of its text."""
    identity = identity_of(program, path=secret.place.path, sha256=secret.sha256)
    return msgspec.structs.replace(secret, sha256=identity)
