"""How many devices a task would reach, from the devices that were seen in the last 7 days: for the form of G-1.

Only `grayscale.matching` decides who fits, as for the devices themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from grayscale.conditions import CONDITIONS, GUID, Condition
from grayscale.matching import Conditions, failed
from miniprograms.models import MiniProgram
from releases.field.device import Facts
from releases.field.models import SeenDevice

SEEN = timedelta(days=7)
SAMPLE = 20_000  # the newest devices: enough for whole percents, and read in a fraction of a second


class Seen(Facts, frozen=True, gc=False, kw_only=True):
    """A device as it was seen last: the columns that matching reads, and no model around twenty thousand of them."""

    application_id: int


@dataclass(frozen=True, kw_only=True)
class Step:
    """`count` devices are left after the `condition`."""

    condition: Condition
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
    chosen = [one for one in CONDITIONS if conditions.restricts(one.of_device)]
    left = _left(conditions, chosen, devices)
    scale = total / len(devices) if devices else 0
    counts = [round(count * scale) for count in left]
    if guids is not None and len(devices) < total:
        named = SeenDevice.objects.filter(_seen(program, at), guid__in=guids)
        exact = _left(conditions, chosen, _rows(named))
        first = chosen.index(GUID)
        counts[first:] = exact[first:]
    steps = [Step(condition=one, count=count) for one, count in zip(chosen, counts, strict=True)]
    return Estimate(total=total, result=steps[-1].count if steps else total, steps=steps)


def _left(conditions: Conditions, chosen: Sequence[Condition], devices: Sequence[Seen]) -> list[int]:
    """Return how many of the devices get past each of the chosen conditions."""
    left, fails_as = [0] * len(chosen), [one.fails_as for one in chosen]
    for device in devices:
        missed = set(failed(conditions, device, application=device.application_id))
        for number, names in enumerate(fails_as):
            if missed & names:
                break
            left[number] += 1
    return left


def sample(program: MiniProgram, *, at: datetime) -> tuple[list[Seen], int]:
    """Return the newest devices seen in the 7 days before `at`, at most SAMPLE, and how many there are at all."""
    seen = SeenDevice.objects.filter(_seen(program, at))
    devices = _rows(seen.order_by("-seen_at")[:SAMPLE])
    return devices, len(devices) if len(devices) < SAMPLE else seen.count()


def _rows(devices: QuerySet[SeenDevice]) -> list[Seen]:
    rows = devices.values_list("application_id", *Facts.__struct_fields__)
    return [Seen(*facts, application_id=application) for application, *facts in rows]


def _seen(program: MiniProgram, at: datetime) -> Q:
    return Q(mini_program=program, seen_at__gt=at - SEEN, seen_at__lte=at)
