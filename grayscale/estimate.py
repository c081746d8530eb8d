"""How many devices a task would reach, from the devices that were seen in the last 7 days: for the form of G-1.

Only `grayscale.matching` decides who fits, as for the devices themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from grayscale.matching import Condition, Conditions, failed
from miniprograms.models import MiniProgram
from releases.field.models import SeenDevice

SEEN = timedelta(days=7)
SAMPLE = 20_000  # the newest devices: enough for whole percents, and read in a fraction of a second

C = Condition
# The steps of the funnel, in the order of the form: what must fit to get past each.
STEPS: tuple[tuple[str, frozenset[Condition]], ...] = (
    ("application", frozenset({C.APPLICATION, C.APP_VERSION})),
    ("platform", frozenset({C.PLATFORM, C.OS_VERSION})),
    (C.GUID.value, frozenset({C.GUID})),
    (C.DEVICE_ID.value, frozenset({C.DEVICE_ID})),
    (C.ACCOUNT.value, frozenset({C.ACCOUNT})),
    ("network", frozenset({C.NETWORK})),
)


class Seen(NamedTuple):
    """A device as it was seen last: the columns that matching reads, and no model around twenty thousand of them."""

    guid: str
    application_id: int
    device_id: str
    account: str
    platform: str
    os_version: str
    app_version: str
    network: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """`count` devices are left after the condition `name`: application, platform, guid, device_id, account, network."""

    name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """`result` of `total` devices fit all conditions; `steps` says how many are left after each chosen one."""

    total: int
    result: int
    steps: Sequence[Step]


def estimate(
    program: MiniProgram, conditions: Conditions, *, at: datetime, guids: Sequence[str] | None = None
) -> Estimate:
    """Return how many of the devices seen in the 7 days before `at` meet the conditions, scaled from a sample.

    `guids`: all values of the GUID lists where the caller has them and they are few. The devices on them are then
    looked up, as a pilot group of ten would be lost in a sample.
    """
    devices, total = sample(program, at=at)
    chosen = [step for step in STEPS if _restricts(conditions, step[0])]
    left = _left(conditions, chosen, devices)
    scale = total / len(devices) if devices else 0
    counts = {name: round(count * scale) for name, count in left.items()}
    if guids is not None and len(devices) < total:
        named = SeenDevice.objects.filter(_seen(program, at), guid__in=guids)
        exact = _left(conditions, chosen, _rows(named))
        names = list(counts)
        counts |= {name: exact[name] for name in names[names.index(C.GUID) :]}
    steps = [Step(name=name, count=count) for name, count in counts.items()]
    return Estimate(total=total, result=steps[-1].count if steps else total, steps=steps)


def _left(
    conditions: Conditions, chosen: Sequence[tuple[str, frozenset[Condition]]], devices: Sequence[Seen]
) -> dict[str, int]:
    """Return how many of the devices get past each step."""
    left = dict.fromkeys((name for name, _conditions in chosen), 0)
    for device in devices:
        missed = set(failed(conditions, device, application=device.application_id))
        for name, conditions_of_step in chosen:
            if missed & conditions_of_step:
                break
            left[name] += 1
    return left


def sample(program: MiniProgram, *, at: datetime) -> tuple[list[Seen], int]:
    """Return the newest devices seen in the 7 days before `at`, at most SAMPLE, and how many there are at all."""
    seen = SeenDevice.objects.filter(_seen(program, at))
    devices = _rows(seen.order_by("-seen_at")[:SAMPLE])
    return devices, len(devices) if len(devices) < SAMPLE else seen.count()


def _rows(devices: QuerySet[SeenDevice]) -> list[Seen]:
    return [Seen(*row) for row in devices.values_list(*Seen._fields)]


def _seen(program: MiniProgram, at: datetime) -> Q:
    return Q(mini_program=program, seen_at__gt=at - SEEN, seen_at__lte=at)


def _restricts(conditions: Conditions, name: str) -> bool:
    """Tell whether anything is chosen for the step."""
    if name == "application":
        return bool(conditions.applications)
    if name == "platform":
        return bool(conditions.platforms)
    if name == "network":
        return bool(conditions.networks)
    return name in conditions.objects
