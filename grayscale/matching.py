"""Whether a device meets a task's conditions: pure, the same for devices, pages and estimates (G-2).

Conditions intersect; inside one condition any value will do; an empty condition does not restrict.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec

from releases.field.device import Device

NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
Parts = tuple[int, ...]


class Condition(StrEnum):
    """What can fail, in the order of the form."""

    APPLICATION = "application"
    APP_VERSION = "app_version"
    PLATFORM = "platform"
    OS_VERSION = "os_version"
    GUID = "guid"
    DEVICE_ID = "device_id"
    ACCOUNT = "account"
    NETWORK = "network"


class Range(msgspec.Struct, frozen=True):
    """Versions from `lowest` to `highest`, both included; None is open (G-2)."""

    lowest: Parts | None = None
    highest: Parts | None = None

    def __contains__(self, version: Parts) -> bool:
        return (self.lowest is None or version >= self.lowest) and (self.highest is None or version <= self.highest)


class Conditions(msgspec.Struct, frozen=True):
    """Everything that a device must meet: applications by primary key, platforms, networks, object lists by kind.

    A kind of `objects` holds all lists of that kind; being on any of them will do.
    """

    applications: Mapping[int, Range] = {}
    platforms: Mapping[str, Range] = {}
    networks: frozenset[str] = frozenset()
    objects: Mapping[str, tuple[Container[str], ...]] = {}


@lru_cache(maxsize=4096)
def parts(version: str) -> Parts:
    """Return the numbers that a version starts with, without trailing zeros: "17.0-beta" → (17,).

    So that 17, 17.0 and 17.0.0 are one version (G-2). A text that starts with no number is (), below all others.
    """
    match = NUMBERS.match(version)
    numbers = [int(number) for number in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def version_range(lowest: str, highest: str) -> Range:
    """Return the range between two versions as people write them; "" is open."""
    return Range(parts(lowest) if lowest else None, parts(highest) if highest else None)


def fits(conditions: Conditions, device: Device, *, application: int) -> bool:
    """Tell whether a device that asks through `application` (primary key) meets all conditions."""
    return next(failed(conditions, device, application=application), None) is None


def failed(conditions: Conditions, device: Device, *, application: int) -> Iterator[Condition]:
    """Yield the conditions that the device does not meet, in the order of the form (G-2, G-12).

    An application or platform that is not chosen fails as such; its version is then not looked at.
    """
    if conditions.applications:
        app_versions = conditions.applications.get(application)
        if app_versions is None:
            yield Condition.APPLICATION
        elif parts(device.app_version) not in app_versions:
            yield Condition.APP_VERSION
    if conditions.platforms:
        os_versions = conditions.platforms.get(device.platform)
        if os_versions is None:
            yield Condition.PLATFORM
        elif parts(device.os_version) not in os_versions:
            yield Condition.OS_VERSION
    for kind, lists in conditions.objects.items():
        value = getattr(device, kind)
        if not value or not any(value in values for values in lists):
            yield Condition(kind)
    if conditions.networks and device.network not in conditions.networks:
        yield Condition.NETWORK
