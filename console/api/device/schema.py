"""The bodies of requests and answers; the OpenAPI document is generated from them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from grayscale.decision import Channel, Status
from grayscale.matching import REPORTED

MOST_ENTRIES = 200  # in one batch of logs

# `$` also matches before a final line feed, hence the look-ahead where the length does not exclude one.
END = r"$(?!\n)"
Text = Annotated[str, Meta(min_length=1, max_length=128, pattern=rf"^[^\x00-\x1f\x7f]+{END}")]
Reason = Annotated[str, Meta(max_length=200, pattern=rf"^[^\x00-\x1f\x7f]*{END}")]
# Starts with a dotted number; what follows ("17.2-beta") does not count when versions are compared.
SystemVersion = Annotated[str, Meta(min_length=1, max_length=40, pattern=rf"^{REPORTED}{END}")]
Number = Annotated[str, Meta(max_length=14, pattern=rf"^[0-9]{{1,4}}\.[0-9]{{1,4}}\.[0-9]{{1,4}}{END}")]
AppId = Annotated[str, Meta(min_length=16, max_length=16, pattern="^mp[a-z0-9]{14}$")]
Guid = Annotated[
    str,
    Meta(
        min_length=32,
        max_length=32,
        pattern="^030[23][0-9]{28}$",
        description="32 digits: 0302… on Android, 0303… on iOS.",
    ),
]
Sha256 = Annotated[str, Meta(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")]


class UpdateRequest(msgspec.Struct):
    """Which version of a mini program shall this device run? Unknown members are ignored."""

    app_id: AppId
    guid: Guid
    platform: Literal["android", "ios"]
    os_version: SystemVersion
    app_version: Annotated[SystemVersion, Meta(description="The host application's version.")]
    network: Literal["wifi", "5g", "4g", "3g", "2g", "unknown"]
    device_id: Text | None = None
    account: Text | None = None
    local_version: Annotated[
        Number | None, Meta(description="The version that the device has, preset included; absent when it has none.")
    ] = None
    trial_token: Text | None = None


class PackageLink(msgspec.Struct, frozen=True):
    """Where the package is. Check size and hash before use."""

    url: Annotated[str, Meta(description="A path on the host that was asked; needs the same authentication.")]
    sha256: Sha256
    size: Annotated[int, Meta(ge=0, description="bytes")]


class UpdateAnswer(msgspec.Struct, frozen=True):
    """What to do.

    `current`: run what the device has. `update`: fetch `package` and run it, also when its number is lower.
    `removed`: delete what the device has and do not open it, preset included. `unavailable`: there is nothing
    for this application. `version` and `channel` are null in the last two cases, `package` is present for
    `update` only.
    """

    status: Status
    version: Number | None = None
    channel: Channel | None = None
    package: PackageLink | None = None


class Report(msgspec.Struct):
    """How the update to a version ended on this device. Unknown members are ignored."""

    app_id: AppId
    guid: Guid
    version: Annotated[Number, Meta(description="The version that was to be installed.")]
    result: Literal["installed", "failed"]
    reason: Annotated[Reason | None, Meta(description="Why it failed, for people; ignored for `installed`.")] = None


class PolicyQuestion(msgspec.Struct):
    """What may this mini program do in the application? In the query; unknown members are ignored."""

    app_id: AppId


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
    filter_msg: Annotated[str | None, Meta(description="By which developers find it.")] = None
    trace_id: Annotated[str | None, Meta(description="The same for all entries of one launch.")] = None


class LogBatch(msgspec.Struct):
    """Entries that one device has collected for one mini program. Unknown members are ignored."""

    app_id: AppId
    guid: Guid
    platform: Literal["android", "ios"]
    os_version: SystemVersion
    client_version: Annotated[SystemVersion, Meta(description="The host application's version.")]
    library_version: Annotated[SystemVersion, Meta(description="The base library's version.")]
    version: Annotated[Number, Meta(description="The version of the mini program.")]
    entries: Annotated[list[LogEntry], Meta(max_length=MOST_ENTRIES)]


class LogsAccepted(msgspec.Struct, frozen=True):
    """They are kept."""

    accepted: Annotated[int, Meta(ge=0, description="How many entries.")]
    cut: Annotated[int, Meta(ge=0, description="In how many of them something was too long.")]


class Error(msgspec.Struct, frozen=True):
    """Every answer with a status of 400 or more."""

    code: Annotated[str, Meta(description="Stable, for programs.")]
    message: Annotated[str, Meta(description="For people; names the member that is wrong.")]
