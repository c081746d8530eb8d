"""The bodies of requests and answers; the OpenAPI document is generated from them."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from grayscale.decision import Channel, Status
from miniprograms.privacy.states import DataType
from releases.field.device import REPORTED

MOST_ENTRIES = 200  # in one batch of logs

# `$` also matches before a final line feed, hence the look-ahead where the length does not exclude one.
END = r"$(?!\n)"
Text = Annotated[str, Meta(min_length=1, max_length=128, pattern=rf"^[^\x00-\x1f\x7f]+{END}")]
# Starts with a dotted number; what follows ("17.2-beta") does not count when versions are compared.
SystemVersion = Annotated[str, Meta(min_length=1, max_length=40, pattern=rf"^{REPORTED}{END}")]
Number = Annotated[str, Meta(max_length=14, pattern=rf"^[0-9]{{1,4}}\.[0-9]{{1,4}}\.[0-9]{{1,4}}{END}")]
# Of an update check, where SDKs also send "" for none.
OptionalText = Annotated[str, Meta(max_length=128, pattern=rf"^[^\x00-\x1f\x7f]*{END}")] | None
OptionalNumber = (
    Annotated[str, Meta(max_length=14, pattern=rf"^([0-9]{{1,4}}\.[0-9]{{1,4}}\.[0-9]{{1,4}})?{END}")] | None
)
AppId = Annotated[str, Meta(min_length=16, max_length=16, pattern="^mp[a-z0-9]{14}$")]
ApplicationId = Annotated[str, Meta(min_length=16, max_length=16, pattern="^ha[a-z0-9]{14}$")]
Guid = Annotated[
    str,
    Meta(
        min_length=32,
        max_length=32,
        pattern="^030[23][0-9]{28}$",
        description="32 digits: 0302… on Android, 0303… on iOS.",
    ),
]
TemplateId = Annotated[str, Meta(min_length=1, max_length=64, pattern=rf"^[A-Za-z0-9_-]+{END}")]
TemplateIds = Annotated[
    str,
    Meta(
        max_length=1000,
        pattern=rf"^[A-Za-z0-9_-]{{1,64}}(,[A-Za-z0-9_-]{{1,64}})*{END}",
        description="Up to 3, with commas between: for the pop-up. Absent: all that the user has answered.",
    ),
]
DataTypeName = Annotated[str, Meta(extra_json_schema={"enum": DataType.values})]
Signature = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{16}:[A-Za-z0-9+/]{86}==( [0-9a-f]{16}:[A-Za-z0-9+/]{86}==)*$",
        description="`key id:Base64` of the Ed25519 signature by each of the application's keys, with spaces between.",
    ),
]
Sha256 = Annotated[str, Meta(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")]


class UpdateRequest(msgspec.Struct):
    """The device, and the version that it has. Unknown members are ignored; "" is as good as null."""

    app_id: AppId
    guid: Guid
    platform: Literal["android", "ios"]
    os_version: SystemVersion
    app_version: Annotated[SystemVersion, Meta(description="The host app's version.")]
    network: Literal["wifi", "5g", "4g", "3g", "2g", "unknown"]
    device_id: OptionalText = None
    account: OptionalText = None
    local_version: Annotated[
        OptionalNumber,
        Meta(description="The version that the device has, preset included; absent when it has none."),
    ] = None
    trial_token: Annotated[OptionalText, Meta(description="From the link or QR code of a trial version.")] = None

    def __post_init__(self) -> None:
        self.device_id, self.account = self.device_id or None, self.account or None
        self.local_version, self.trial_token = self.local_version or None, self.trial_token or None


class PackageLink(msgspec.Struct, frozen=True):
    """Where the package is. Check signature, size and hash before use."""

    url: Annotated[str, Meta(description="A path on the host that was asked; needs the same authentication.")]
    sha256: Sha256
    size: Annotated[int, Meta(ge=0, description="bytes")]
    signature: Signature


class UpdateAnswer(msgspec.Struct, frozen=True):
    """What to do.

    `current`: run what the device has. `update`: fetch `package` and run it, also when its number is lower.
    `removed`: delete what the device has and do not open it, preset included. `unavailable`: there is nothing
    for this application. `version` and `channel` are null in the last two cases, `package` is present for
    `update` only, `page` and `query` for the channel `trial`: open the program there.
    """

    status: Status
    version: Number | None = None
    channel: Channel | None = None
    package: PackageLink | None = None
    page: Annotated[str | None, Meta(description="The opening page of a trial version, a path in its package.")] = None
    query: Annotated[str | None, Meta(description="What follows `?` in the opening page's link; may be empty.")] = None


class Report(msgspec.Struct):
    """How the update to a version ended on this device. Unknown members are ignored."""

    app_id: AppId
    guid: Guid
    version: Annotated[Number, Meta(description="The version to be installed.")]
    result: Literal["installed", "failed"]
    reason: Annotated[
        str | None,
        Meta(
            description="Why it failed, for people: the first 200 characters are kept, control characters as spaces; "
            "ignored for `installed`."
        ),
    ] = None


class PolicyQuestion(msgspec.Struct):
    """The query for a policy. Unknown members are ignored."""

    app_id: AppId


class PrivacyQuestion(msgspec.Struct):
    """The query for a privacy agreement. Unknown members are ignored."""

    app_id: AppId
    accepted: Annotated[
        Annotated[str, Meta(max_length=9, pattern=rf"^[0-9]+{END}")] | None,
        Meta(description="The version that the user agreed to before; 0 or absent: none."),
    ] = None


class DeclaredData(msgspec.Struct, frozen=True):
    """Personal data that the program may use."""

    type: DataTypeName
    purpose: str


class ThirdParty(msgspec.Struct, frozen=True):
    """A third party whose code is in the program, such as an SDK."""

    name: str
    purpose: str
    link: str


class Contact(msgspec.Struct, frozen=True):
    """How users reach the party responsible for the data; at least one member is not empty."""

    email: str
    phone: str
    other: str


class PrivacyText(msgspec.Struct, frozen=True):
    """The agreement itself, in Markdown; one of the languages may be empty."""

    en: str
    zh: str


class PrivacyAnswer(msgspec.Struct, frozen=True):
    """The online privacy agreement. Show it before the program opens while `needs_new_consent`."""

    version: Annotated[int, Meta(ge=1)]
    effective_on: datetime.date | None
    published_at: datetime.datetime
    needs_new_consent: bool
    data: list[DeclaredData]
    third_parties: list[ThirdParty]
    contact: Contact
    retention: str
    text: PrivacyText


class LogLine(msgspec.Struct, gc=False):
    """A line of a log entry."""

    time: Annotated[int, Meta(description="Milliseconds since 1970, by the device's clock.")]
    level: Literal["info", "warn", "error"]
    text: str


class LogEntry(msgspec.Struct, gc=False):
    """What a page logged together. Text that is too long is cut."""

    time: Annotated[int, Meta(description="Milliseconds since 1970, by the device's clock.")]
    page: Annotated[str, Meta(description="The page link.")]
    lines: list[LogLine] = []
    filter_msg: Annotated[str | None, Meta(description="A text by which developers find the entry.")] = None
    trace_id: Annotated[str | None, Meta(description="The same for all entries of one launch.")] = None


class LogBatch(msgspec.Struct):
    """Entries that one device has collected for one mini program. Unknown members are ignored."""

    app_id: AppId
    guid: Guid
    platform: Literal["android", "ios"]
    os_version: SystemVersion
    client_version: Annotated[SystemVersion, Meta(description="The host app's version.")]
    library_version: Annotated[SystemVersion, Meta(description="The base library's version.")]
    version: Annotated[Number, Meta(description="The version of the mini program.")]
    entries: Annotated[list[LogEntry], Meta(max_length=MOST_ENTRIES)]


class LogsAccepted(msgspec.Struct, frozen=True):
    """The entries are committed."""

    accepted: Annotated[int, Meta(ge=0, description="The number of entries.")]
    cut: Annotated[int, Meta(ge=0, description="The number of entries in which text was cut.")]


class ProofRequest(msgspec.Struct):
    """A request for an installation proof, by the host app's server. Unknown members are ignored."""

    application_id: ApplicationId
    guid: Annotated[
        Guid | None, Meta(description="The installation. Absent: a new one is issued for the platform.")
    ] = None
    platform: Literal["android", "ios"] | None = None
    account: Annotated[
        Text | None, Meta(description="The account signed in there. Needed for consents, and if devices send one.")
    ] = None


class IssuedProof(msgspec.Struct, frozen=True):
    """The server hands this to the app, which sends `proof` in the header `Installation-Proof`."""

    guid: Guid
    proof: str
    expires_in: Annotated[int, Meta(ge=0, description="seconds")]


class LoginCodeRequest(msgspec.Struct):
    """A code for an account of the application that has opened the program. Unknown members are ignored."""

    application_id: ApplicationId
    app_id: AppId
    account: Annotated[Text, Meta(description="The account signed in on the device, verified by the server.")]


class LoginCode(msgspec.Struct, frozen=True):
    """For the program, which gives it to its own server."""

    code: str
    expires_in: Annotated[int, Meta(ge=0, description="Seconds.")]


class ConsentQuestion(msgspec.Struct):
    """The query for what to show to the user. Unknown members are ignored."""

    app_id: AppId
    account: Annotated[Text, Meta(description="The user's account in the host app.")]
    template_ids: TemplateIds | None = None


class ConsentKeyword(msgspec.Struct, frozen=True):
    """A line of a template."""

    key: str
    name: str
    name_zh: str
    example: str
    example_zh: str


class ConsentTemplate(msgspec.Struct, frozen=True):
    """A template as the user sees it, and what was answered last.

    `result`: don't show the template, as the answer will be `ban`, or `filter` for a title that is shown already.
    """

    template_id: TemplateId
    title: str
    title_zh: str
    type: Literal["one_time", "long_term"]
    content: list[ConsentKeyword]
    result: Literal["ban", "filter"] | None
    answer: Literal["accept", "reject"] | None
    remaining: Annotated[int, Meta(ge=0, description="How many messages one-time accepts still allow.")]
    held: Annotated[bool, Meta(description="Whether a long-term accept is in effect.")]


class ConsentChoices(msgspec.Struct, frozen=True):
    """What the user can choose. While `main_switch` is false, show no pop-up."""

    main_switch: bool
    templates: list[ConsentTemplate]


class ConsentAnswer(msgspec.Struct):
    """What the user chose for a template."""

    template_id: TemplateId
    answer: Literal["accept", "reject"]


class ConsentAnswers(msgspec.Struct):
    """What the user answered in one pop-up. Unknown members are ignored."""

    app_id: AppId
    account: Annotated[Text, Meta(description="The user's account in the host app.")]
    request_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            pattern=rf"^[!-~]+{END}",
            description="New for each pop-up; the same when this call is repeated, which then changes nothing.",
        ),
    ]
    tapped: Annotated[bool, Meta(description="Whether the program asked because of the user's tap.")]
    answers: Annotated[list[ConsentAnswer], Meta(max_length=50, description="For up to 3 templates.")]


class ConsentResults(msgspec.Struct, frozen=True):
    """What `requestSubscribeMessage` returns, by template id."""

    results: dict[str, Literal["accept", "reject", "ban", "filter"]]


class ConsentSettings(msgspec.Struct):
    """What the user changes in the settings; absent members stay as they are, unknown ones are ignored."""

    app_id: AppId
    account: Annotated[Text, Meta(description="The user's account in the host app.")]
    main_switch: Annotated[bool | None, Meta(description="Whether messages of the program are wanted at all.")] = None
    withdraw: Annotated[
        list[TemplateId], Meta(max_length=50, description="Templates whose accept the user withdraws.")
    ] = []


class Error(msgspec.Struct, frozen=True):
    """Every answer with a status of 400 or more."""

    code: Annotated[str, Meta(description="Stable, for programs.")]
    message: Annotated[str, Meta(description="For people; names the member that is wrong.")]
