"""Why a device runs what it runs: each task's conditions beside what the device has (G-12). Reads only.

The answer itself is `grayscale.decision.decide`, from the same rows as the update check, with claims that only look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core import times
from console.base.hosts.models import HostApplication
from grayscale.conditions import APPLICATION, CHOICES, LISTED, PLATFORM, Choice, Listed
from grayscale.decision import Candidate, Decision, TaskRule, decide
from grayscale.matching import failed
from grayscale.models import Claim, ClaimShard, GrayscaleTask
from grayscale.presenters.reach import range_words
from grayscale.program_state import program_state, rules_of
from grayscale.states import TaskState
from miniprograms.models import MiniProgram
from releases.field.device import Device, Facts
from releases.field.states import Platform

RECENT = timedelta(days=7)  # so long an ended task is still explained
MOST = 50


class AskedDevice(Facts, frozen=True, kw_only=True):
    """A device as someone describes it; `application` is the host application through which it asks."""

    application: HostApplication
    local_version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """A line of an explanation: whether it fits, what it is about, and what the device has and the task needs."""

    fits: bool
    label: str
    words: str


@dataclass(frozen=True, kw_only=True)
class TaskExplanation:
    """What a task means to the device; `gives` says that the device runs its version because of it."""

    task: GrayscaleTask
    state: str
    checks: Sequence[Check]
    gives: bool
    note: str

    @property
    def misses(self) -> int:
        """How many lines do not fit."""
        return sum(not check.fits for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What the device runs now, in a sentence, and why, task by task; its version comes from the task `given`."""

    decision: Decision
    conclusion: str
    given: GrayscaleTask | None
    tasks: Sequence[TaskExplanation]

    @property
    def why(self) -> str:
        """A second sentence: which task gives the version, or that none does."""
        if self.given:
            return _("It comes from the task “%(task)s”.") % {"task": self.given}
        if not self.tasks:
            return _("No task is active, and none ended in the last 7 days.")
        return _("No task delivers another version to it.") if self.decision.release else ""


class LookingClaims:
    """Who has a place in which task, and where there is room; takes none. `giving` is the task that gave the version.

    `places` are the GUID's, with the moment; `room` is how many places are taken, of how many, and whether one is free.
    """

    def __init__(self, tasks: Iterable[int], guid: str) -> None:
        tasks = set(tasks)
        self.giving: int | None = None
        claims = Claim.objects.filter(task__in=tasks, guid=guid)
        self.places: dict[int, datetime] = dict(claims.values_list("task_id", "claimed_at"))
        self.room: dict[int, tuple[int, int, bool]] = {}
        for pk, taken, capacity, is_open in ClaimShard.objects.filter(task__in=tasks).values_list(
            "task_id", "taken", "capacity", "open"
        ):
            all_taken, places, room = self.room.get(pk, (0, 0, False))
            self.room[pk] = (all_taken + taken, places + capacity, room or (is_open and taken < capacity))

    def take(self, candidates: Sequence[Candidate], device: Device, *, application: int) -> TaskRule | None:
        """Return the task in which the GUID has a place, or would get one, as the database's function does (G-5)."""
        for candidate in candidates:
            pk = candidate.task.id
            if pk in self.places or (candidate.may_claim and self.room.get(pk, (0, 0, False))[2]):
                self.giving = pk
                return candidate.task
        return None


def explain(
    program: MiniProgram, device: AskedDevice, *, at: datetime, task: GrayscaleTask | None = None
) -> Explanation:
    """Explain what the device runs at `at`; by the program's running and recently ended tasks, or by one of them.

    The task that its version comes from is among the program's, however long ago it ended.
    """
    program_now = program_state(program)
    tasks = [task] if task else _tasks(program, at=at)
    claims = LookingClaims([*(one.pk for one in tasks), *(rule.id for rule in program_now.tasks)], device.guid)
    decision = decide(
        program_now,
        device,
        application=device.application.pk,
        local_version=device.local_version,
        at=at.timestamp(),
        claims=claims,
    )
    given = _given(claims, tasks)
    if given and not task and given not in tasks:
        tasks.append(given)
    bound = device.application.pk in program_now.bound
    explained = [_Explainer(own, rule, device, claims, at, bound) for own, rule in _with_rules(program, tasks)]
    return Explanation(
        decision=decision,
        conclusion=_conclusion(decision, device),
        given=given,
        tasks=[one.explanation(gives=claims.giving == one.task.pk) for one in explained],
    )


def _tasks(program: MiniProgram, *, at: datetime) -> list[GrayscaleTask]:
    """Return what may matter or was just over: in the order in which devices look at them (G-7)."""
    tasks = GrayscaleTask.objects.filter(mini_program=program).select_related("version")
    running = tasks.running(at=at)
    over = tasks.ended(at=at).filter(ends_at__gt=at - RECENT) | tasks.ended(at=at).filter(state_since__gt=at - RECENT)
    found = [*running[:MOST], *over[:MOST]]
    return sorted(found, key=lambda one: (one.state_at(at) == TaskState.ENDED, [-part for part in one.version.parts]))


def _given(claims: LookingClaims, tasks: Sequence[GrayscaleTask]) -> GrayscaleTask | None:
    """Return the task that gave the version, also where it is none of `tasks`."""
    listed = next((one for one in tasks if one.pk == claims.giving), None)
    return listed or GrayscaleTask.objects.select_related("version").filter(pk=claims.giving).first()


def _with_rules(program: MiniProgram, tasks: Sequence[GrayscaleTask]) -> Iterator[tuple[GrayscaleTask, TaskRule]]:
    """Yield the tasks with their conditions prefetched, and what decides about each."""
    wanted = GrayscaleTask.objects.filter(pk__in=[one.pk for one in tasks])
    rows = {row.pk: row for row in wanted.prefetch_related("applications__application", "platforms", "object_lists")}
    rules = rules_of(wanted)
    for one in tasks:
        own = rows[one.pk]
        own.mini_program, own.version = program, one.version
        yield own, rules[one.pk]


@dataclass
class _Explainer:
    """One task beside one device; `task` with its conditions prefetched."""

    task: GrayscaleTask
    rule: TaskRule
    device: AskedDevice
    claims: LookingClaims
    at: datetime
    bound: bool

    def explanation(self, *, gives: bool) -> TaskExplanation:
        state = self.task.state_at(self.at)
        missed = set(failed(self.rule.conditions, self.device, application=self.device.application.pk))
        checks = [self._window(state), self._application(missed), *self._platform(missed)]
        restricts = self.rule.conditions.restricts
        checks += [self._objects(one, missed) for one in LISTED.values() if restricts(one.of_device)]
        checks += [self._choice(one, missed) for one in CHOICES if restricts(one.of_device)]
        misses = sum(not check.fits for check in checks)
        note = self._note(gives=gives, state=state, misses=misses, window=checks[0])
        return TaskExplanation(task=self.task, state=state, checks=checks, gives=gives, note=note)

    def _window(self, state: str) -> Check:
        label = _("Schedule and limit")
        taken, places, room = self.claims.room.get(self.task.pk, (0, 0, False))
        since = self.claims.places.get(self.task.pk)
        has_place = _("enrolled since %(time)s") % {"time": times.exact(since)} if since else ""
        if state == TaskState.PENDING:
            return Check(
                fits=False, label=label, words=_("starts %(time)s") % {"time": times.exact(self.task.starts_at)}
            )
        if state == TaskState.ENDED:
            return self._over(label, has_place)
        if since:
            words = _("suspended for other devices") if state == TaskState.SUSPENDED else _("active now")
            return Check(fits=True, label=label, words=f"{words}; {has_place}")
        if state == TaskState.SUSPENDED:
            return Check(fits=False, label=label, words=_("suspended: no new devices"))
        if not room:
            words = _("limit reached: %(taken)s of %(limit)s") % {"taken": f"{taken:,}", "limit": f"{places:,}"}
            return Check(fits=False, label=label, words=words)
        left = places - taken
        words = ngettext("active now; %(left)s place left", "active now; %(left)s places left", left)
        return Check(fits=True, label=label, words=words % {"left": f"{left:,}"})

    def _over(self, label: str, has_place: str) -> Check:
        """After the end only devices that run the version keep it, until the next release (G-6)."""
        keeps = bool(has_place and self.task.keeps)
        runs = self.device.local_version == self.task.version.number
        words = _("ended: no longer delivers %(number)s")
        if keeps:
            words = _("ended; only devices that already run %(number)s keep it")
        if keeps and runs:
            words = _("ended; the device runs %(number)s and keeps it")
        return Check(fits=keeps and runs, label=label, words=words % {"number": self.task.version})

    def _application(self, missed: set[str]) -> Check:
        device, label = self.device, str(APPLICATION.label)
        has = f"{device.application} {device.app_version}"
        if not self.bound:
            return Check(fits=False, label=label, words=_("%(has)s, not bound") % {"has": has})
        chosen = {row.application_id: row for row in self.task.applications.all()}
        if APPLICATION.of_device in missed:
            names = [str(row.application) for row in chosen.values()]
            return Check(fits=False, label=label, words=_needs(has, _(" or ").join(names)))
        row = chosen[device.application.pk]
        return Check(
            fits=APPLICATION.version not in missed,
            label=label,
            words=_needs(has, range_words(row.lowest, row.highest)),
        )

    def _platform(self, missed: set[str]) -> list[Check]:
        chosen = {row.platform: row for row in self.task.platforms.all()}
        if not chosen:
            return []
        has = f"{Platform(self.device.platform).label} {self.device.os_version}"
        if PLATFORM.of_device in missed:
            needed = _(" or ").join(str(row) for row in chosen.values())
        else:
            row = chosen[self.device.platform]
            needed = range_words(row.lowest, row.highest)
        fits = missed.isdisjoint(PLATFORM.fails_as)
        return [Check(fits=fits, label=str(PLATFORM.label), words=_needs(has, needed))]

    def _objects(self, one: Listed, missed: set[str]) -> Check:
        count = sum(row.count for row in self.task.object_lists.all() if row.kind == one.kind)
        fits = one.of_device not in missed
        values = {"values": one.words(count)}
        if not getattr(self.device, one.of_device):
            words = _("not provided, must be one of %(values)s") % values
        elif fits:
            words = _("on the list of %(values)s") % values
        else:
            words = _("not on the list of %(values)s") % values
        return Check(fits=fits, label=one.label, words=words)

    def _choice(self, one: Choice, missed: set[str]) -> Check:
        has = one.words([getattr(self.device, one.of_device)]) or _("Unknown")
        fits = one.of_device not in missed
        words = has if fits else _needs(has, one.words(getattr(self.task, one.of_task)))
        return Check(fits=fits, label=str(one.label), words=words)

    def _note(self, *, gives: bool, state: str, misses: int, window: Check) -> str:
        has_place = self.task.pk in self.claims.places
        if gives:
            if has_place:
                return _("Enrolled in this task.")
            if self.device.application.places_proved_since:
                return _("It will be enrolled when it checks for updates with an installation proof.")
            return _("It will be enrolled at its next update check.")
        if state == TaskState.ENDED:
            return _("This task has ended.")
        if misses == 1 and not window.fits:
            return _("Eligible, but not enrolled (%(why)s).") % {"why": window.words}
        if misses:
            words = ngettext(
                "One condition of this task isn’t met.", "%(count)d conditions of this task aren’t met.", misses
            )
            return words % {"count": misses}
        if not self.task.mini_program.on_shelf:
            return _("The mini program is off the shelf.")
        return _("Another task takes priority: its version is higher, or it is newer.")


def _needs(has: str, needed: str) -> str:
    return _("%(has)s, needs %(needed)s") % {"has": has, "needed": needed} if needed else has


def _conclusion(decision: Decision, device: AskedDevice) -> str:
    if decision.status == "removed":
        return _("This device can no longer open the mini program.")
    if decision.release is None:
        return _("No version is available for this device.")
    number = {"number": decision.release.number}
    if decision.channel == "online":
        return _("This device runs %(number)s, the online version.") % number
    return _("This device runs %(number)s, the grayscale version.") % number
