"""The lines of a review report in words: an API, an origin, a secret, and how sure each find is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from console.base.core.text import listed
from console.base.hosts.models import HostApplication
from devmgmt.states import DomainType
from miniprograms.privacy.states import DataType
from releases.models import SettledFinding
from releases.report.content import ApiUse, DataUse, DomainUse, Grant
from releases.scan import Open, Place, Secret, Unread, Use

_PUBLIC_KEYS = frozenset(["map_key"])


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

    kind: str
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


def api_line(use: ApiUse, applications: Sequence[HostApplication]) -> ApiLine:
    """Return an API as readers of these applications see it."""
    found = [(application, use.standing.get(application.application_id)) for application in applications]
    return ApiLine(use.use, [ApplicationGrant(application, grant) for application, grant in found if grant])


def domain_line(use: DomainUse) -> DomainLine:
    """Return an origin; a type of domain that this release does not know is none."""
    return DomainLine(use.use, use.kind if use.kind in DomainType else "", use.configured, use.is_called)


def data_line(use: DataUse) -> DataLine:
    """Return a type of personal data in words."""
    return DataLine(data_type_label(use.data_type), use.apis, use.declared)


def data_type_label(value: str) -> str:
    """Return a type of personal data in words; one that this release does not know as it is."""
    return str(DataType(value).label) if value in DataType else value


def secret_line(secret: Secret, settled: SettledFinding | None) -> SecretLine:
    """Return a secret in words, with what was said of it."""
    label = secret_label(secret.kind)
    return SecretLine(secret.kind, label, secret.hint, secret.place, is_public(secret.kind), secret.sha256, settled)


def is_public(kind: str) -> bool:
    """Whether every client has secrets of a kind."""
    return kind in _PUBLIC_KEYS


def secret_label(kind: str) -> str:
    """Return what a kind of secret is; the kinds are those of `releases.scan`."""
    labels = {
        "app_secret": _("AppSecret"),
        "server_secret": _("Server secret"),
        "wechat_pay_key": _("WeChat Pay key"),
        "private_key": _("Private key"),
        "map_key": _("Map service key"),
        "connection_string": _("Connection string with a password"),
        "basic_auth": _("User name and password"),
        "aws_access_key": _("AWS access key"),
        "alibaba_access_key": _("Alibaba Cloud access key"),
        "tencent_access_key": _("Tencent Cloud access key"),
        "google_api_key": _("Google API key"),
        "openai_key": _("OpenAI API key"),
        "anthropic_key": _("Anthropic API key"),
        "model_key": _("Model service API key"),
        "huggingface_token": _("Hugging Face token"),
        "github_token": _("GitHub token"),
        "gitlab_token": _("GitLab token"),
        "npm_token": _("npm token"),
        "slack_token": _("Slack token"),
        "stripe_key": _("Stripe key"),
        "sendgrid_key": _("SendGrid API key"),
        "shopify_token": _("Shopify token"),
        "digitalocean_token": _("DigitalOcean token"),
        "json_web_token": _("JSON Web Token"),
        "credential": _("Password, token or key"),
    }
    return labels.get(kind, kind)


def how_sure(use: Use) -> Sure:
    """Return how sure a find is, in words."""
    through = listed(use.through)
    if use.how == "written":
        return Sure(3, _("Certain"), _("Written literally in the code."))
    if use.how == "built":
        return Sure(2, _("Probably"), _("Constructed in the code."))
    if use.how == "wrapper":
        return Sure(2, _("Probably"), _("Through %(names)s, which forwards calls by name.") % {"names": through})
    if use.how == "framework":
        return Sure(2, _("Framework"), _("Every program built with %(names)s calls it.") % {"names": through})
    return Sure(1, _("Mentioned only"), _("The name appears, but no call was found."))


def open_line(one: Open) -> OpenLine:
    """Return what could not be followed, in words."""
    if one.reason == "handed":
        words = _("The API object is passed to code that can’t be analysed.")
    elif one.reason == "name":
        words = _("The name of the API is known only at runtime.")
    elif one.reason == "texts":
        words = _("From here on, concatenated strings were not searched for secrets.")
    elif one.reason == "code":
        words = _("Code is generated at runtime.")
    elif one.detail:
        words = _("The address is known only at runtime: %(address)s") % {"address": one.detail}
    else:
        words = _("The address is known only at runtime.")
    return OpenLine(Place(one.path, one.line), words, one.framework)


def unread_line(unread: Unread) -> UnreadLine:
    """Return why a file could not be read, in words."""
    why = {
        "syntax": _("The code is not valid JavaScript."),
        "time": _("It takes too long to read."),
        "size": _("The file is too large or nested too deep."),
        "encoding": _("The file is not in UTF-8."),
    }
    return UnreadLine(unread.path, why[unread.why], unread.by_patterns)
