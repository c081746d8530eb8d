"""A device as it describes itself; pure."""

from __future__ import annotations

from typing import Protocol

import msgspec

# A version as devices send it: 8.3.1, 17.2-beta, 5.1.1(LMY48B). Up to six numbers, then what is no number.
REPORTED = r"[0-9]{1,9}(\.[0-9]{1,9}){0,5}([ -\-/:-~][ -~]*)?"

UNKNOWN = "unknown"  # what a device says where it can't tell which of a few values


class Device(Protocol):
    """What a device says of itself when it asks (R-1)."""

    @property
    def guid(self) -> str: ...
    @property
    def device_id(self) -> str | None: ...
    @property
    def account(self) -> str | None: ...
    @property
    def platform(self) -> str: ...
    @property
    def os_version(self) -> str: ...
    @property
    def app_version(self) -> str: ...
    @property
    def network(self) -> str: ...


class Facts(msgspec.Struct, frozen=True):
    """The same facts, kept: of a device that was seen, or that someone describes. What it left out is "" or None."""

    guid: str
    platform: str
    os_version: str
    app_version: str
    network: str
    device_id: str | None = None
    account: str | None = None


class Seen(Facts, frozen=True, gc=False, kw_only=True):
    """A device that asked for the program with this App ID; `application` is a primary key."""

    app_id: str
    application: int


def seen_device(app_id: str, device: Device, *, application: int) -> Seen:
    """Return what is noted of a device: name by name, as each update check comes here."""
    return Seen(
        device.guid,
        device.platform,
        device.os_version,
        device.app_version,
        device.network,
        device.device_id,
        device.account,
        app_id=app_id,
        application=application,
    )
