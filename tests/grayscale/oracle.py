"""What G-1 and G-2 say about one device and one task's conditions, written a second time, as plainly as can be.

It shares nothing with the code that it judges: conditions and devices are plain values, and versions are compared
digit run by digit run.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any


def failed(task: dict[str, Any], device: dict[str, Any]) -> set[str]:
    """Return the names of the conditions that the device does not meet; the intersection is met when it is empty."""
    out = set()
    applications = task["applications"]  # {application: (lowest, highest)}, never empty
    if device["application"] not in applications:
        out.add("application")
    elif not within(device["app_version"], *applications[device["application"]]):
        out.add("app_version")
    platforms = task["platforms"]  # {platform: (lowest, highest)}
    if platforms:
        if device["platform"] not in platforms:
            out.add("platform")
        elif not within(device["os_version"], *platforms[device["platform"]]):
            out.add("os_version")
    if task["networks"] and device["network"] not in task["networks"]:
        out.add("network")
    for kind in ("guid", "device_id", "account"):
        listed = task["objects"].get(kind)  # None: no list of this kind
        if listed is not None and device[kind] not in listed:
            out.add(kind)
    return out


def within(version: str, lowest: str, highest: str) -> bool:
    """Return whether a version lies in a range: both ends included, "" open, no number in none."""
    if not lowest and not highest:
        return True
    if not re.match("[0-9]", version):
        return False
    return (not lowest or compared(version, lowest) >= 0) and (not highest or compared(version, highest) <= 0)


def compared(one: str, other: str) -> int:
    """Return -1, 0 or 1: numbers between dots, the missing ones 0, what follows the numbers without weight."""
    for left, right in zip_longest(numbers(one), numbers(other), fillvalue=0):
        if left != right:
            return -1 if left < right else 1
    return 0


def numbers(version: str) -> list[int]:
    """Return 17, 2 of “17.2-beta”."""
    found = []
    for piece in version.split("."):
        run = re.match("[0-9]+", piece)
        if not run:
            break
        found.append(int(run.group()))
        if run.group() != piece:
            break
    return found
