"""What is beside the task form: whom the task will reach, how many that may be, what else happens (G-1, G-7).

Made from whatever is typed so far, right or wrong; it keeps nothing and complains about nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core import times, zones
from console.base.core.text import all_of, decimals, sentences
from grayscale import rules
from grayscale.conditions import CHOICES, GUID, Choice, Condition
from grayscale.estimate import Estimate, estimate
from grayscale.forms.guardrail import GUARD
from grayscale.forms.task import TaskForm
from grayscale.guardrail import Guardrail
from grayscale.hashed import HashedList
from grayscale.matching import Conditions, version_range
from grayscale.models import GrayscaleTask, ObjectList, ObjectListPart
from grayscale.presenters.raising import Raising
from grayscale.presenters.reach import Reach, reach_of, reach_sentence
from grayscale.presenters.window import duration
from grayscale.program_state import hashed_list
from grayscale.states import TaskState
from releases.models import Version

NAMED = 5  # tasks in a sentence
FEW = 1_000  # GUIDs that an estimate looks up one by one


@dataclass(frozen=True)
class _Window:
    pk: int | None
    starts_at: datetime
    ends_at: datetime


class Preview:
    """The side column of a task form, bound or not."""

    def __init__(self, form: TaskForm, *, at: datetime) -> None:
        self.form, self.at = form, at
        self.program, self.task = form.program, form.task

    def _value(self, name: str) -> Any:
        """Return what a field holds now; None where it is empty or wrong."""
        if name in self.form.fixed:
            return getattr(self.task, name)
        try:
            return self.form.fields[name].clean(self.form[name].value())
        except ValidationError:
            return None

    @cached_property
    def version(self) -> Version | None:
        """The version that is chosen."""
        found: Version | None = self._value("version")
        return found

    @cached_property
    def window(self) -> _Window | None:
        """From when to when, where that is a span."""
        start, end = self._value("starts_at"), self._value("ends_at")
        pk = self.task.pk if self.task else None
        return _Window(pk, start, end) if start and end and start < end else None

    @cached_property
    def limit(self) -> int | None:
        """The number of users, where it is one."""
        found: int | None = self._value("user_limit")
        return found

    @cached_property
    def lists(self) -> list[ObjectList]:
        """The object lists as they are in the form, without their hashes."""
        return self.form.chosen_lists()

    @cached_property
    def reach(self) -> Reach:
        """The conditions that are chosen."""
        objects: Counter[str] = Counter()
        for row in self.lists:
            objects[row.kind] += row.count
        if "applications" in self.form.fixed:
            task: Any = self.task
            return replace(reach_of(task, bound=len(self.form.bound)), objects=dict(objects))
        return Reach(
            applications=[(row.label, *self._ends(row)) for row in self.form.application_rows() if row.chosen],
            platforms=[(row.value, *self._ends(row)) for row in self.form.platform_rows() if row.chosen],
            choices={one.of_device: self.form.ticked(one) for one in CHOICES},
            objects=dict(objects),
            bound=len(self.form.bound),
            undecided=self.form.undecided,
        )

    def _ends(self, row: Any) -> tuple[str, str]:
        return self._value(row.lowest.name) or "", self._value(row.highest.name) or ""

    @cached_property
    def sentence(self) -> str:
        """Whom the task will reach."""
        return reach_sentence(self.reach)

    # How many -----------------------------------------------------------------------------------------------------

    @cached_property
    def estimate(self) -> Estimate | None:
        """How many of the devices seen lately fit; None while no application is chosen."""
        conditions = self._conditions()
        if not conditions.applications:
            return None
        return estimate(self.program, conditions, at=self.at, guids=self._guids())

    def _guids(self) -> list[str] | None:
        """The values of the GUID lists, where they are few: a pilot group that a sample may miss altogether."""
        rows = [row for row in self.lists if row.kind == GUID.kind]
        if not rows or sum(row.count for row in rows) > FEW:
            return None
        parts = ObjectListPart.objects.filter(object_list__in=rows).values_list("values", flat=True)
        return [value for values in parts for value in values.split("\n")]

    def _conditions(self) -> Conditions:
        if "applications" in self.form.fixed:
            task: Any = self.task
            applications = {
                row.application_id: version_range(row.lowest, row.highest) for row in task.applications.all()
            }
            platforms = {row.platform: version_range(row.lowest, row.highest) for row in task.platforms.all()}
        else:
            rows = self.form.application_rows()
            applications = {int(row.value): version_range(*self._ends(row)) for row in rows if row.chosen}
            platforms = {row.value: version_range(*self._ends(row)) for row in self.form.platform_rows() if row.chosen}
        objects: dict[str, tuple[HashedList, ...]] = {}
        for one in self.lists:
            objects[one.kind] = (*objects.get(one.kind, ()), hashed_list(one.pk, bytes(one.key)))
        choices = tuple((name, frozenset(values)) for name, values in self.reach.choices.items() if values)
        return Conditions(applications, platforms, objects, choices)

    @property
    def figure(self) -> str:
        """The estimate in figures."""
        return f"{self.estimate.result:,}" if self.estimate else ""

    @property
    def of_devices(self) -> str:
        """Of how many devices."""
        if not self.estimate:
            return ""
        total = self.estimate.total
        return ngettext("of %(count)s device", "of %(count)s devices", total) % {"count": f"{total:,}"}

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The conditions in the order of the form, and how many devices are left after each."""
        if not self.estimate:
            return []
        return [(self._step_words(step.condition), f"{step.count:,}") for step in self.estimate.steps]

    def _step_words(self, one: Condition) -> str:
        return one.words(self.reach.choices[one.of_device]) if isinstance(one, Choice) else str(one.step)

    @property
    def will_not_be_reached(self) -> str:
        """Say so where fewer devices fit than may get it."""
        if not self.estimate or not self.estimate.total or not self.limit or self.estimate.result >= self.limit:
            return ""
        if not self.estimate.result:
            return _("No device seen in the last 7 days is eligible.")
        words = ngettext(
            "At most about %(count)s device is eligible; the limit is %(limit)s.",
            "At most about %(count)s devices are eligible; the limit is %(limit)s.",
            self.estimate.result,
        )
        return words % {"count": self.figure, "limit": f"{self.limit:,}"}

    @property
    def share(self) -> str:
        """How many of the active devices the number of users is."""
        if not self.limit or self.limit < 1 or not self.estimate or not self.estimate.total:
            return ""
        if self.limit > self.estimate.total:
            return ngettext(
                "more than the %(count)s active device", "more than the %(count)s active devices", self.estimate.total
            ) % {"count": f"{self.estimate.total:,}"}
        percent = 100 * self.limit / self.estimate.total
        return ngettext(
            "%(percent)s %% of %(count)s active device",
            "%(percent)s %% of %(count)s active devices",
            self.estimate.total,
        ) % {
            "percent": decimals(round(percent, 1) if percent >= 1 else percent),
            "count": f"{self.estimate.total:,}",
        }

    # What else ----------------------------------------------------------------------------------------------------

    @cached_property
    def overlapping(self) -> list[GrayscaleTask]:
        """The other tasks whose window overlaps, once there are devices to share."""
        if not (self.window and self.version and self.reach.applications):
            return []
        return rules.overlapping(self.program, self.window, at=self.at)

    @property
    def overlaps(self) -> list[str]:
        """What they give, and what a device gets that fits both (G-7); tasks of which the same is true together."""
        groups: dict[tuple[Version, str], list[GrayscaleTask]] = {}
        for other in self.overlapping:
            groups.setdefault((other.version, self._winner(other)), []).append(other)
        found = []
        for (version, _winner), others in groups.items():
            names = [_("“%(task)s”") % {"task": other} for other in others]
            words = ngettext("%(tasks)s delivers %(number)s.", "%(tasks)s deliver %(number)s.", len(names))
            tasks = {"tasks": _enumerated(names), "number": version}
            found.append(sentences(words % tasks, self._winner(others[0], len(others))))
        return found

    def _winner(self, other: GrayscaleTask, count: int = 1) -> str:
        own: Any = self.version
        if other.version.parts != own.parts:
            return ngettext(
                "Devices eligible for both get %(number)s, the higher version.",
                "Devices eligible for more than one get %(number)s, the higher version.",
                count,
            ) % {"number": max(other.version, own, key=lambda version: version.parts)}
        if self.task and other.created_at > self.task.created_at:
            return ngettext(
                "For devices eligible for both, that newer task wins.",
                "For devices eligible for more than one, the newest task wins.",
                count,
            )
        return ngettext(
            "For devices eligible for both, this newer task wins.",
            "For devices eligible for more than one, this newer task wins.",
            count,
        )

    @property
    def overlap_title(self) -> str:
        """How many overlap."""
        count = len(self.overlapping)
        return ngettext("Overlaps with %(count)d task.", "Overlaps with %(count)d tasks.", count) % {"count": count}

    @property
    def start_title(self) -> str:
        """From when it delivers."""
        if self.task and self.form.fixed:
            return str(TaskState(self.task.state_at(self.at)).label)
        if not self.window:
            return _("When it starts")
        if self.window.starts_at <= self.at:
            return _("Starts immediately")
        return _("From %(moment)s") % {"moment": times.exact(self.window.starts_at)}

    @property
    def start_text(self) -> str:
        """What happens then."""
        number = {"number": self.version or _("the version")}
        ask = _("Devices check for %(number)s at their next start.")
        if self.task and self.task.state == TaskState.SUSPENDED:
            ask = _("No new devices get %(number)s until the task is resumed.")
        keep = _(
            "Devices that get %(number)s keep it until another version is published, unless you end the task and "
            "pull it back."
        )
        return sentences(ask % number, keep % number)

    @cached_property
    def raising(self) -> Raising | None:
        """What follows where a limit of a task that has started is raised; None while what is typed is no limit."""
        if self.task is None or not self.form.fixed or self.limit is None:
            return None
        rate, points, devices = (self._value(name) for name in GUARD)
        guardrail = Guardrail(rate=rate, points=points, devices=devices) if devices and (rate or points) else None
        if guardrail is None and any((rate, points, devices)):
            return None
        return Raising(self.task, guardrail, self.limit, self.task.places_taken(), self.at)

    @property
    def length(self) -> str:
        """How long the window is, and which time zone its ends are in."""
        zone = {"zone": zones.words()}
        if not self.window:
            return _("Times are in %(zone)s.") % zone
        length = duration(self.window.starts_at, self.window.ends_at)
        return _("%(length)s. Times are in %(zone)s.") % {"length": length, **zone}

    @property
    def words(self) -> str:
        """How many words the name has."""
        name = self.form["name"].value() or ""
        return _("%(count)d of %(most)d words") % {"count": rules.word_count(str(name)), "most": rules.MOST_WORDS}


def _enumerated(names: list[str]) -> str:
    """“A”, “B” and “C”; of very many the first and how many more."""
    shown = names[:NAMED]
    if more := len(names) - len(shown):
        shown.append(ngettext("%(count)s more", "%(count)s more", more) % {"count": f"{more:,}"})
    return all_of(shown)
