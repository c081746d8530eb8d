"""A review report as one reader sees it: what to look at first, and what the applications of theirs granted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import msgspec
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.core import times
from console.base.core.text import listed
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from releases.models import Audit, Report, SettledFinding, Version
from releases.presenters.report_lines import (
    ApiLine,
    DataLine,
    DomainLine,
    OpenLine,
    SecretLine,
    UnreadLine,
    api_line,
    data_line,
    data_type_label,
    domain_line,
    open_line,
    secret_line,
    unread_line,
)
from releases.report.content import Content
from releases.scan import Place, Use
from releases.states import AuditState

Badge = Literal["red", "orange", "green"]


@dataclass(frozen=True)
class Finding:
    """What someone should see before anything else: a name, as in the code if `is_code`, and what is the matter.

    Red must not go out; orange does not work as it is, was not declared, or needs a look.
    """

    name: str
    words: str
    place: Place | None = None
    is_code: bool = True
    badge: Badge = "orange"


@dataclass(frozen=True)
class Group:
    """One question to the code; `fine` says what it means that nothing was found.

    `is_answered`: what was found is counted, or nothing was found; the finding of one that is not says what is open.
    """

    key: str
    title: str
    fine: str
    findings: list[Finding]
    is_answered: bool = True

    @property
    def badge(self) -> Badge:
        """Its state: that of the worst finding."""
        return worst(finding.badge for finding in self.findings)


@dataclass(frozen=True)
class Part:
    """A card of the report; one in which nothing was found is folded away under its title."""

    title: str
    template: str
    is_clear: bool


@dataclass(frozen=True)
class Reading:
    """A report for readers of `applications`: nothing of other applications is in it."""

    content: Content
    apis: list[ApiLine]
    others: list[ApiLine]
    domains: list[DomainLine]
    data: list[DataLine]
    declared_unused: list[str]
    secrets: list[SecretLine]
    settled: list[SecretLine]
    unread: list[UnreadLine]
    open: list[OpenLine]
    exempt: list[HostApplication]
    drafted: list[str]
    unchecked: list[HostApplication]

    @cached_property
    def groups(self) -> list[Group]:
        """What to look at first, by question."""
        return _groups(self)

    @property
    def refused_apis(self) -> dict[HostApplication, list[str]]:
        """The names of the APIs that are restricted and not granted, by application."""
        found: dict[HostApplication, list[str]] = {}
        for line in self.apis:
            for application in line.refused_by:
                found.setdefault(application, []).append(line.use.name)
        return found

    @property
    def called(self) -> list[DomainLine]:
        """The origins that are asked for something."""
        return [line for line in self.domains if line.is_called]

    @property
    def mentioned(self) -> list[DomainLine]:
        """The origins that only occur, as links and pictures do."""
        return [line for line in self.domains if not line.is_called]

    @property
    def is_whole(self) -> bool:
        """Whether all of the code was read and followed, so that what was not found is not there."""
        return self.content.is_whole

    @property
    def followed_share(self) -> str:
        """How much of the scripts was read by its syntax, in percent; "" for reports that do not know."""
        if not self.content.script_size:
            return ""
        return f"{math.floor(1000 * self.content.followed_size / self.content.script_size) / 10:g}"

    @property
    def left_out(self) -> int:
        """How much more was found than a report lists."""
        return sum(self.content.left_out.values())

    @property
    def parts(self) -> list[Part]:
        """The cards of the report, in their order; what applications skip is never folded away."""
        return [
            Part(_("Secrets in the code"), "releases/report/secrets.html", not (self.secrets or self.settled)),
            Part(_("Sensitive APIs"), "releases/report/apis.html", not (self.apis or self.unchecked)),
            Part(_("Addresses called"), "releases/report/domains.html", not (self.called or self.exempt)),
            Part(_("Personal data"), "releases/report/data.html", not (self.data or self.declared_unused)),
            Part(_("What could not be analysed"), "releases/report/unread.html", self.is_whole),
        ]

    @property
    def clear_titles(self) -> list[str]:
        """The titles of the parts in which nothing was found; that all code was read is said in a sentence."""
        return [part.title[:1].lower() + part.title[1:] for part in self.parts[:-1] if part.is_clear]

    @property
    def badge(self) -> Badge:
        """The state of the worst group."""
        return worst(group.badge for group in self.groups)

    @property
    def kept_secrets(self) -> list[SecretLine]:
        """The secrets that nobody may have."""
        return [line for line in self.secrets if not line.is_public]

    @property
    def public_keys(self) -> list[SecretLine]:
        """The keys that every client has."""
        return [line for line in self.secrets if line.is_public]


def worst(badges: Iterable[Badge]) -> Badge:
    """Return the worst state; green for none."""
    found = set(badges)
    return "red" if "red" in found else "orange" if "orange" in found else "green"


def read(content: Content, applications: Sequence[HostApplication], settled: Iterable[SettledFinding] = ()) -> Reading:
    """Return the report as someone reads it who may know of these applications only.

    What is in `settled` is listed apart: it is nothing to look at any more.
    """
    by_identity = {one.sha256: one for one in settled}
    secrets = [secret_line(secret, by_identity.get(secret.sha256)) for secret in content.secrets]
    apis = [api_line(use, applications) for use in content.apis]
    return Reading(
        content,
        apis=[line for line in apis if line.grants],
        others=[ApiLine(use, []) for use in content.others],
        domains=[domain_line(use) for use in content.domains],
        data=[data_line(use) for use in content.data],
        declared_unused=[data_type_label(value) for value in content.declared_unused],
        secrets=[line for line in secrets if line.settled is None],
        settled=[line for line in secrets if line.settled is not None],
        unread=[unread_line(unread) for unread in content.unread],
        open=[open_line(one) for one in content.open],
        exempt=[application for application in applications if application.application_id in content.exempt],
        drafted=[data_type_label(value) for value in content.drafted],
        unchecked=_unchecked(content, applications),
    )


def _unchecked(content: Content, applications: Sequence[HostApplication]) -> list[HostApplication]:
    """Return the applications that the report was not compared with: they were bound since."""
    checked = content.applications
    return [] if checked is None else [one for one in applications if one.application_id not in checked]


def of_version(version: Version) -> dict[str, Any]:
    """Return what every page on a version's code needs, for its developers."""
    names = [version.mini_program.app_id, version.number]
    return {
        "mini_program": version.mini_program,
        "version": version,
        "compares": True,
        "report_url": reverse("releases:report", args=names),
        "changes_url": reverse("releases:changes", args=names),
        "file_url": reverse("releases:file", args=names),
    }


def deciding(audit: Audit) -> list[HostApplication]:
    """Return the applications that an audit asks: one that left while it runs is none of them."""
    decisions = audit.decisions.all()
    if audit.state == AuditState.IN_AUDIT:
        decisions = decisions.exclude(state=DecisionState.WITHDRAWN)
    return list(HostApplication.objects.filter(pk__in=decisions.values("application")))


def shown(reports: QuerySet[Report], applications: Sequence[HostApplication]) -> dict[str, Any]:
    """Return the newest report that is written, as its reader sees it, and the newest of all: it may be on its way."""
    newest = reports.select_related("requested_by", "version").first()
    written = newest if newest is None or newest.written_at else reports.exclude(written_at=None).first()
    return {
        "report": written,
        "reading": _reading(written, applications) if written else None,
        "is_writing": bool(newest and not newest.written_at and not newest.failed),
        "has_failed": bool(newest and newest.failed),
    }


def _reading(report: Report, applications: Sequence[HostApplication]) -> Reading:
    settled = SettledFinding.objects.filter(mini_program=report.version.mini_program_id).select_related("settled_by")
    content = msgspec.convert(report.content, Content)
    return read(content, applications, settled.in_force(on=times.platform_day()) if content.secrets else ())


# What to look at first --------------------------------------------------------------------------------------------


def _groups(reading: Reading) -> list[Group]:
    missing = [line for line in reading.domains if line.is_missing]
    refused = [line for line in reading.apis if line.refused_by]
    undeclared = [line for line in reading.data if not line.declared]
    return [
        Group(
            "secrets",
            _("Secrets in code"),
            _("none found"),
            [*map(_kept_secret, reading.kept_secrets), *map(_public_key, reading.public_keys)],
        ),
        Group(
            "apis",
            _("APIs not granted"),
            _("none"),
            [*map(_refused, refused), *map(_not_checked, reading.unchecked)],
            is_answered=bool(refused) or not reading.unchecked,
        ),
        Group("domains", _("Domains not configured"), _("none"), [_missing(line) for line in missing]),
        Group("data", _("Undeclared data"), _("none"), [_undeclared(line, reading) for line in undeclared]),
        Group("unread", _("Not analysed"), _followed(reading), _not_followed(reading)),
    ]


def _followed(reading: Reading) -> str:
    """Say what it means that nothing of the program's own is open."""
    frameworks = {line.framework for line in reading.open}
    if frameworks:
        return _("only parts of %(names)s itself") % {"names": listed(sorted(frameworks))}
    return _("all code analysed")


def _not_followed(reading: Reading) -> list[Finding]:
    """Return what stayed open in the program's own code; what is a framework's own is in its list only."""
    own = [line for line in reading.open if not line.framework]
    found = [Finding(line.place.path, line.words, line.place) for line in own]
    return [*_computed(reading), *found, *map(_not_read, reading.unread)]


def _computed(reading: Reading) -> list[Finding]:
    use = reading.content.computed
    if use is None:
        return []
    return [Finding(use.name, _("an API whose name is known only at runtime"), _first(use))]


def _not_read(line: UnreadLine) -> Finding:
    return Finding(line.path, line.why, Place(line.path))


def _kept_secret(line: SecretLine) -> Finding:
    return Finding(line.hint, line.label, line.place, badge="red")


def _public_key(line: SecretLine) -> Finding:
    words = _("%(key)s: is it restricted to this app?") % {"key": line.label}
    return Finding(line.hint, words, line.place)


def _refused(line: ApiLine) -> Finding:
    names = listed(application.name for application in line.refused_by)
    return Finding(line.use.name, _("restricted and not granted in %(names)s") % {"names": names}, _first(line.use))


def _not_checked(application: HostApplication) -> Finding:
    return Finding(str(application), _("not checked for this app yet"), is_code=False)


def _missing(line: DomainLine) -> Finding:
    if line.kind:
        words = _("called, but not configured as a %(kind)s domain") % {"kind": line.kind}
    else:
        words = _("called, but not a configured domain")
    return Finding(line.use.name, words, _first(line.use))


def _undeclared(line: DataLine, reading: Reading) -> Finding:
    apis = listed(line.apis)
    agreement = reading.content.agreement
    if agreement:
        words = _("read by %(apis)s; not declared in privacy agreement %(number)d")
    else:
        words = _("read by %(apis)s; no privacy agreement is published")
    places = {api.use.name: _first(api.use) for api in reading.content.apis}
    place = next((places[api] for api in line.apis if places.get(api)), None)
    return Finding(line.label, words % {"apis": apis, "number": agreement}, place, is_code=False)


def _first(use: Use) -> Place | None:
    return use.places[0] if use.places else None
