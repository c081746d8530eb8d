"""A review report as one reader sees it: what to look at first, and what the applications of theirs granted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.core.text import listed
from console.base.hosts.models import HostApplication
from devmgmt.states import DomainType
from miniprograms.privacy.states import DataType
from releases.models import Report, SettledFinding, Version
from releases.report.content import ApiUse, Content, DataUse, DomainUse, Grant
from releases.scan import Open, Place, Secret, Unread, Use

Badge = Literal["red", "orange", "green"]
_PUBLIC_KEYS = frozenset(["map_key"])


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
    """One question to the code; `fine` says what it means that nothing was found."""

    key: str
    title: str
    fine: str
    findings: list[Finding]

    @property
    def badge(self) -> Badge:
        """Its state: that of the worst finding."""
        return worst(finding.badge for finding in self.findings)


@dataclass(frozen=True)
class ApplicationGrant:
    """What an API is to an application."""

    application: HostApplication
    grant: Grant


class Sure(NamedTuple):
    """How sure a find is: of three bars how many, in a word, and why."""

    bars: int
    label: str
    why: str


@dataclass(frozen=True)
class ApiLine:
    """An API with its grant in each of the reader's applications that lists it."""

    use: Use
    grants: list[ApplicationGrant]

    @property
    def sure(self) -> Sure:
        """How sure it is that the API is called."""
        return how_sure(self.use)

    @property
    def refused_by(self) -> list[HostApplication]:
        """The applications in which it is restricted and not granted."""
        return [one.application for one in self.grants if one.grant == "restricted"]


@dataclass(frozen=True)
class DomainLine:
    """An origin; `kind` is the type of domain that the call needs, "" where the call is not known."""

    use: Use
    kind: str
    configured: list[str]
    is_called: bool

    @property
    def sure(self) -> Sure:
        """How sure it is that the origin is asked."""
        return how_sure(self.use)

    @property
    def is_missing(self) -> bool:
        """Whether no server domain of the type that is needed has it; one that only occurs needs none."""
        if not self.is_called:
            return False
        return self.kind not in self.configured if self.kind else not self.configured


@dataclass(frozen=True)
class DataLine:
    """A type of personal data in words, the APIs that give it, and whether the agreement declares it."""

    label: str
    apis: list[str]
    declared: bool


@dataclass(frozen=True)
class SecretLine:
    """A secret: what it is in words, its first and last characters, where.

    `is_public`: every client has it, so it is bound to the app rather than kept from anyone. `sha256` is what it is
    known by in other reports, "" in those of earlier releases; `settled` is who said that it is none, and why.
    """

    label: str
    hint: str
    place: Place
    is_public: bool = False
    sha256: str = ""
    settled: SettledFinding | None = None


@dataclass(frozen=True)
class OpenLine:
    """What could not be followed: where, what in words, and in which framework's own runtime, "" for the program."""

    place: Place
    words: str
    framework: str


@dataclass(frozen=True)
class UnreadLine:
    """A file that could not be read, and why."""

    path: str
    why: str
    by_patterns: bool


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

    @cached_property
    def groups(self) -> list[Group]:
        """What to look at first, by question."""
        return _groups(self)

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
        return not (self.open or self.unread or self.content.computed)

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
    secrets = [_secret(secret, by_identity.get(secret.sha256)) for secret in content.secrets]
    apis = [_api(use, applications) for use in content.apis]
    return Reading(
        content,
        apis=[line for line in apis if line.grants],
        others=[ApiLine(use, []) for use in content.others],
        domains=[_domain(use) for use in content.domains],
        data=[_data(use) for use in content.data],
        declared_unused=[_data_type(value) for value in content.declared_unused],
        secrets=[line for line in secrets if line.settled is None],
        settled=[line for line in secrets if line.settled is not None],
        unread=[_unread(unread) for unread in content.unread],
        open=[_open(one) for one in content.open],
        exempt=[application for application in applications if application.application_id in content.exempt],
        drafted=[_data_type(value) for value in content.drafted],
    )


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
    return read(content, applications, settled.in_force(on=timezone.localdate()) if content.secrets else ())


def _api(use: ApiUse, applications: Sequence[HostApplication]) -> ApiLine:
    found = [(application, use.standing.get(application.application_id)) for application in applications]
    return ApiLine(use.use, [ApplicationGrant(application, grant) for application, grant in found if grant])


def _domain(use: DomainUse) -> DomainLine:
    return DomainLine(use.use, use.kind if use.kind in DomainType else "", use.configured, use.is_called)


def _data(use: DataUse) -> DataLine:
    return DataLine(_data_type(use.data_type), use.apis, use.declared)


def _data_type(value: str) -> str:
    return str(DataType(value).label) if value in DataType else value


def _secret(secret: Secret, settled: SettledFinding | None) -> SecretLine:
    label = secret_label(secret.kind)
    return SecretLine(label, secret.hint, secret.place, is_public(secret.kind), secret.sha256, settled)


def is_public(kind: str) -> bool:
    """Whether every client has secrets of a kind."""
    return kind in _PUBLIC_KEYS


def secret_label(kind: str) -> str:
    """Return what a kind of secret is; the kinds are those of `releases.scan`."""
    labels = {
        "app_secret": _("AppSecret"),
        "server_secret": _("Server secret"),
        "wechat_pay_key": _("Key of WeChat Pay"),
        "private_key": _("Private key"),
        "map_key": _("Key of a map service"),
        "connection_string": _("Connection string with a password"),
        "basic_auth": _("User name and password"),
        "aws_access_key": _("Access key of AWS"),
        "alibaba_access_key": _("Access key of Alibaba Cloud"),
        "tencent_access_key": _("Access key of Tencent Cloud"),
        "google_api_key": _("API key of Google"),
        "openai_key": _("API key of OpenAI"),
        "anthropic_key": _("API key of Anthropic"),
        "model_key": _("API key of a model service"),
        "huggingface_token": _("Token of Hugging Face"),
        "github_token": _("Token of GitHub"),
        "gitlab_token": _("Token of GitLab"),
        "npm_token": _("Token of npm"),
        "slack_token": _("Token of Slack"),
        "stripe_key": _("Key of Stripe"),
        "sendgrid_key": _("API key of SendGrid"),
        "shopify_token": _("Token of Shopify"),
        "digitalocean_token": _("Token of DigitalOcean"),
        "json_web_token": _("JSON Web Token"),
        "credential": _("Password, token or key"),
    }
    return labels.get(kind, kind)


def how_sure(use: Use) -> Sure:
    """Return how sure a find is, in words."""
    through = listed(use.through)
    if use.how == "written":
        return Sure(3, _("Certain"), _("Written out in the code."))
    if use.how == "built":
        return Sure(2, _("Probably"), _("Put together in the code."))
    if use.how == "wrapper":
        return Sure(2, _("Probably"), _("Through %(names)s, which passes names on.") % {"names": through})
    if use.how == "framework":
        return Sure(2, _("Framework"), _("%(names)s calls it in every program.") % {"names": through})
    return Sure(1, _("Named only"), _("The name is there; no call was followed."))


def _open(one: Open) -> OpenLine:
    if one.reason == "handed":
        words = _("The API object is handed to code that can’t be followed.")
    elif one.reason == "name":
        words = _("The name of the API is known only when the code runs.")
    elif one.reason == "texts":
        words = _("From here on, secrets were not looked for in texts that are put together.")
    elif one.reason == "code":
        words = _("Code is made when the code runs.")
    elif one.detail:
        words = _("The address is known only when the code runs: %(address)s") % {"address": one.detail}
    else:
        words = _("The address is known only when the code runs.")
    return OpenLine(Place(one.path, one.line), words, one.framework)


def _unread(unread: Unread) -> UnreadLine:
    why = {
        "syntax": _("The code is not valid JavaScript."),
        "time": _("Reading it would take too long."),
        "size": _("The file is too large or nested too deep."),
        "encoding": _("The text is not UTF-8."),
    }
    return UnreadLine(unread.path, why[unread.why], unread.by_patterns)


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
        Group("apis", _("APIs not granted"), _("none"), [_refused(line) for line in refused]),
        Group("domains", _("Undeclared domains"), _("none"), [_missing(line) for line in missing]),
        Group("data", _("Undeclared data"), _("none"), [_undeclared(line, reading) for line in undeclared]),
        Group("unread", _("Not followed"), _followed(reading), _not_followed(reading)),
    ]


def _followed(reading: Reading) -> str:
    """Say what it means that nothing of the program's own is open."""
    frameworks = {line.framework for line in reading.open}
    if frameworks:
        return _("only parts of %(names)s itself") % {"names": listed(sorted(frameworks))}
    return _("all was read and followed")


def _not_followed(reading: Reading) -> list[Finding]:
    """Return what stayed open in the program's own code; what is a framework's own is in its list only."""
    own = [line for line in reading.open if not line.framework]
    found = [Finding(line.place.path, line.words, line.place) for line in own]
    return [*_computed(reading), *found, *map(_not_read, reading.unread)]


def _computed(reading: Reading) -> list[Finding]:
    use = reading.content.computed
    if use is None:
        return []
    return [Finding(use.name, _("an API whose name is known only when the code runs"), _first(use))]


def _not_read(line: UnreadLine) -> Finding:
    return Finding(line.path, line.why, Place(line.path))


def _kept_secret(line: SecretLine) -> Finding:
    return Finding(line.hint, line.label, line.place, badge="red")


def _public_key(line: SecretLine) -> Finding:
    words = _("%(key)s: is it bound to this app?") % {"key": line.label}
    return Finding(line.hint, words, line.place)


def _refused(line: ApiLine) -> Finding:
    names = listed(application.name for application in line.refused_by)
    return Finding(line.use.name, _("restricted and not granted in %(names)s") % {"names": names}, _first(line.use))


def _missing(line: DomainLine) -> Finding:
    if line.kind:
        words = _("called, but not one of the %(kind)s domains") % {"kind": line.kind}
    else:
        words = _("asked, but not a configured domain")
    return Finding(line.use.name, words, _first(line.use))


def _undeclared(line: DataLine, reading: Reading) -> Finding:
    apis = listed(line.apis)
    agreement = reading.content.agreement
    if agreement:
        words = _("read by %(apis)s; privacy agreement %(number)d does not declare it")
    else:
        words = _("read by %(apis)s; no privacy agreement is published")
    places = {api.use.name: _first(api.use) for api in reading.content.apis}
    place = next((places[api] for api in line.apis if places.get(api)), None)
    return Finding(line.label, words % {"apis": apis, "number": agreement}, place, is_code=False)


def _first(use: Use) -> Place | None:
    return use.places[0] if use.places else None
