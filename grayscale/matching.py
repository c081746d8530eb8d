"""Whether a device meets a task's conditions: pure, the same for devices, pages and estimates (G-2)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache

import msgspec

from grayscale.conditions import APPLICATION, PLATFORM
from releases.field.device import Device

NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
Parts = tuple[int, ...]


class Range(msgspec.Struct, frozen=True):
    """Versions from `lowest` to `highest`, both included; None is open (G-2)."""

    lowest: Parts | None = None
    highest: Parts | None = None

    def __contains__(self, version: Parts) -> bool:
        return (self.lowest is None or version >= self.lowest) and (self.highest is None or version <= self.highest)


class Conditions(msgspec.Struct, frozen=True):
    """Everything that a device must meet: applications by primary key, platforms, and by what the device says of
    itself object lists and the values that were chosen.

    `objects` holds all lists of a kind; being on any of them will do. `choices` has only what restricts, as pairs: each
    update check goes through them.
    """

    applications: Mapping[int, Range] = {}
    platforms: Mapping[str, Range] = {}
    objects: Mapping[str, tuple[Container[str], ...]] = {}
    choices: tuple[tuple[str, frozenset[str]], ...] = ()

    def restricts(self, of_device: str) -> bool:
        """Return whether anything is chosen for the condition with this name."""
        if of_device == APPLICATION.of_device:
            return bool(self.applications)
        if of_device == PLATFORM.of_device:
            return bool(self.platforms)
        return of_device in self.objects or of_device in dict(self.choices)


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
    """Return whether a device that asks through `application` (primary key) meets all conditions."""
    for _name in failed(conditions, device, application=application):
        return False
    return True


def failed(conditions: Conditions, device: Device, *, application: int) -> Iterator[str]:
    """Yield what of the device does not fit, in the order of the form (G-2, G-12): the conditions' names.

    An application or platform that is not chosen fails as such; its version is then not looked at.
    """
    if applications := conditions.applications:
        app_versions = applications.get(application)
        if app_versions is None:
            yield APPLICATION.of_device
        elif parts(device.app_version) not in app_versions:
            yield APPLICATION.version
    if platforms := conditions.platforms:
        os_versions = platforms.get(device.platform)
        if os_versions is None:
            yield PLATFORM.of_device
        elif parts(device.os_version) not in os_versions:
            yield PLATFORM.version
    if objects := conditions.objects:
        for kind, lists in objects.items():
            value = getattr(device, kind)
            for values in lists if value else ():
                if value in values:
                    break
            else:
                yield kind
    for name, chosen in conditions.choices:
        if getattr(device, name) not in chosen:
            yield name
