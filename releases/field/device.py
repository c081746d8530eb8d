"""A device as it describes itself; pure."""

from __future__ import annotations

from typing import Protocol

REPORTED = r"[0-9]{1,9}(\.[0-9]{1,9}){0,5}([A-Za-z _+-][ -~]*)?"  # a version as devices send it: 8.3.1, 17.2-beta


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
