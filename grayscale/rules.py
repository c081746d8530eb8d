"""Why a move of a grayscale task is refused, in words; "" when it may be done.

The verbs raise these sentences and the pages show them under the disabled button, so both always agree. `at` is the
moment of the decision: what the clock has decided counts, written or not (G-4).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.hosts.models import HostApplication
from grayscale.conditions import Choice
from grayscale.guardrail import Guardrail, is_looser
from grayscale.matching import parts
from grayscale.models import MOST_USERS, GrayscaleTask
from grayscale.states import Reason, TaskState
from miniprograms.models import MiniProgram
from releases.field.states import Platform
from releases.models import Version
from releases.states import VersionState

MOST_WORDS = 20
LONGEST_NAME = 200
LONGEST_VERSION = 40
MOST_NUMBERS = 6  # of a version: devices send no more
MOST_OBJECTS = 1_000_000
MOST_GUARDED = 10_000  # devices that a guardrail may wait for: many more are not looked at
FARTHEST = timedelta(days=3653)  # from now; a year that no calendar reads back would stop all that read the task

_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")
# Han characters: the ideographs, their extensions and compatibility forms, and the iteration mark.
_HAN = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class Window(Protocol):
    """A time span: a task's, or that of one that is being made."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


def word_count(name: str) -> int:
    """Return how many words a name has: each Han character is one, and each other run between blanks (G-1)."""
    return len(_HAN.findall(name)) + sum(any(map(str.isalnum, word)) for word in _HAN.sub(" ", name).split())


def overlapping(program: MiniProgram, window: Window, *, at: datetime) -> list[GrayscaleTask]:
    """Return the program's other running tasks whose window overlaps: a device may fit several (G-7)."""
    tasks = GrayscaleTask.objects.filter(mini_program=program).running(at=at)
    tasks = tasks.filter(starts_at__lt=window.ends_at, ends_at__gt=window.starts_at).select_related("version")
    return list(tasks.exclude(pk=getattr(window, "pk", None)))


# Moves -------------------------------------------------------------------------------------------------------------


def why_not_create(program: MiniProgram, *, candidates: int) -> str:
    """G-1: on the shelf, beside an online version; `candidates` counts approved versions above it."""
    if reason := _why_not_shelf(program):
        return reason
    if not program.online_number:
        return _needs_online()
    if not candidates:
        return _("No version is ready for grayscale. Get one above %(online)s approved first.") % {
            "online": program.online_number
        }
    return ""


def why_not_start(task: GrayscaleTask, *, at: datetime) -> str:
    """G-4: only what waits for its start time, on the shelf."""
    if reason := _why_over(task, at):
        return reason
    if task.state_at(at) != TaskState.PENDING:
        return _("This task has already started.")
    return _why_not_shelf(task.mini_program)


def why_not_suspend(task: GrayscaleTask, *, at: datetime) -> str:
    """G-6: only what delivers."""
    if reason := _why_over(task, at):
        return reason
    state = task.state_at(at)
    if state == TaskState.PENDING:
        return _("This task hasn’t started yet.")
    if state == TaskState.SUSPENDED:
        return _("This task is already suspended.")
    return ""


def why_not_resume(task: GrayscaleTask, *, at: datetime) -> str:
    """G-4: only what is suspended, on the shelf."""
    if reason := _why_over(task, at):
        return reason
    if task.state_at(at) != TaskState.SUSPENDED:
        return _("This task isn’t suspended.")
    return _why_not_shelf(task.mini_program)


def why_confirm_resume(task: GrayscaleTask, *, anyway: bool, reason: str) -> tuple[str, str]:
    """G-13: what the guardrail has suspended goes on only confirmed and with a reason. Returns the field, too."""
    if task.state_reason != Reason.GUARDRAIL:
        return "", ""
    if not anyway:
        return _("The guardrail suspended this task. Confirm that you want to resume it anyway."), "anyway"
    return _why_silent(reason)


def why_confirm_raise(
    task: GrayscaleTask, *, guardrail: Guardrail | None, users: int, anyway: bool, reason: str
) -> tuple[str, str]:
    """G-13: while the version is over its limit, that or the number of users is raised only confirmed, with a reason.

    `guardrail` and `users` are the new ones. Returns the field, too.
    """
    raised = is_looser(task.guardrail, guardrail) or users > task.user_limit
    if not raised or task.exceeds is None:
        return "", ""
    if not anyway:
        return _("The version exceeds its guardrail limit. Confirm that you want to raise it anyway."), "anyway"
    return _why_silent(reason)


def _why_silent(reason: str) -> tuple[str, str]:
    return "" if reason.strip() else _("Enter a reason."), "note"


def why_not_end(task: GrayscaleTask, *, at: datetime) -> str:
    """G-4: the end is final."""
    return _why_over(task, at)


def why_not_edit(task: GrayscaleTask, *, at: datetime) -> str:
    """G-8: not after the end."""
    return _why_over(task, at)


def _why_over(task: GrayscaleTask, at: datetime) -> str:
    return _("This task has ended.") if task.state_at(at) == TaskState.ENDED else ""


def _why_not_shelf(program: MiniProgram) -> str:
    return "" if program.on_shelf else _("The mini program is off the shelf. Put it back on the shelf first.")


def _needs_online() -> str:
    return _("A grayscale release needs an online version. Publish one first.")


# Settings ----------------------------------------------------------------------------------------------------------


def why_not_version(program: MiniProgram, version: Version, *, online: Version | None) -> str:
    """G-1: audit passed, never online, higher than the online one, and there is an online one."""
    if version.mini_program_id != program.pk:
        return _("Choose a version of this mini program.")
    if online is None:
        return _needs_online()
    if version.state in (VersionState.ONLINE, VersionState.RETIRED):
        return _("%(number)s has been online before. Choose a version that was never online.") % {"number": version}
    if version.state != VersionState.APPROVED:
        return _("%(number)s hasn’t passed the audit.") % {"number": version}
    if version.parts <= online.parts:
        return _("%(number)s isn’t higher than the online version, %(online)s.") % {"number": version, "online": online}
    return ""


def why_not_name(name: str) -> str:
    """G-1: 1 to 20 words."""
    words = word_count(name)
    if not name.strip():
        return _("Enter a task name.")
    if len(name) > LONGEST_NAME:
        return _("The name has %(length)d characters. Use at most %(most)d.") % {
            "length": len(name),
            "most": LONGEST_NAME,
        }
    if words > MOST_WORDS:
        return _("The name has %(words)d words. Use at most %(most)d; a Chinese character counts as one.") % {
            "words": words,
            "most": MOST_WORDS,
        }
    return ""


def why_not_moment(moment: datetime, *, at: datetime) -> str:
    """G-1: a start or an end is a moment of these years."""
    return _("Choose a time within 10 years.") if abs(moment - at) > FARTHEST else ""


def why_not_window(starts_at: datetime, ends_at: datetime, *, at: datetime) -> str:
    """G-1: start before end, and the end not before this moment."""
    if reason := why_not_moment(starts_at, at=at) or why_not_moment(ends_at, at=at):
        return reason
    if starts_at >= ends_at:
        return _("The end must be later than the start.")
    if ends_at <= at:
        return _("The end must be in the future.")
    return ""


def why_not_limit(limit: int, *, delivered: int = 0) -> str:
    """G-1, G-8: 1 to 100,000,000, and not below what is delivered."""
    if not 1 <= limit <= MOST_USERS:
        return _("Enter 1 to %(most)s users.") % {"most": f"{MOST_USERS:,}"}
    if limit < delivered:
        return ngettext(
            "%(delivered)d device already has the version. The limit can’t be lower.",
            "%(delivered)d devices already have the version. The limit can’t be lower.",
            delivered,
        ) % {"delivered": delivered}
    return ""


def why_not_percent(value: Decimal) -> str:
    """G-13: above 0, at most 100, with at most two decimals."""
    if 0 < value <= 100 and value == round(value, 2):
        return ""
    return _("Enter a number from 0.01 to 100.")


def why_not_guarded(devices: int) -> str:
    """G-13: 1 to 10,000."""
    if 1 <= devices <= MOST_GUARDED:
        return ""
    return _("Enter 1 to %(most)s devices.") % {"most": f"{MOST_GUARDED:,}"}


def why_not_guardrail(guardrail: Guardrail | None) -> tuple[str, str]:
    """G-13: at least one limit, and a number of devices. Returns the field of the settings, too."""
    if guardrail is None:
        return "", ""
    for name in ("rate", "points"):
        value = getattr(guardrail, name)
        if value is not None and (reason := why_not_percent(value)):
            return reason, f"guard_{name}"
    if guardrail.rate is None and guardrail.points is None:
        return no_limit(), "guard_rate"
    return why_not_guarded(guardrail.devices), "guard_devices"


def no_limit() -> str:
    """G-13: a number of devices alone decides nothing."""
    return _("Enter one of the two limits, or leave the number of devices empty.")


def why_not_objects(counts: Sequence[int]) -> str:
    """G-3: at most a million values in a task, and no list that is empty: it would restrict the task to nobody."""
    if 0 in counts:
        return _("A list is empty. Remove it, or add a value.")
    return why_not_values(sum(counts))


def why_not_values(count: int, *, others: int = 0) -> str:
    """G-3: at most a million values in a task, which has `others` on other lists."""
    if count + others <= MOST_OBJECTS:
        return ""
    words = (
        _(
            "Too many values: %(count)s here and %(others)s on other lists. A task can have at most %(most)s on "
            "all its lists."
        )
        if others
        else _("Too many values: %(count)s. A task can have at most %(most)s on all its lists.")
    )
    return words % {"count": f"{count:,}", "most": f"{MOST_OBJECTS:,}", "others": f"{others:,}"}


def why_not_duplicates(duplicates: int) -> str:
    """G-3: at most a million lines that say nothing new; reading more of them holds a thread for nothing."""
    if duplicates <= MOST_OBJECTS:
        return ""
    words = _("More than %(most)s lines are duplicates. Remove them and choose the file again.")
    return words % {"most": f"{MOST_OBJECTS:,}"}


def why_not_applications(chosen: Sequence[tuple[HostApplication, str, str]], *, bound: Collection[int]) -> str:
    """G-1: one or more, all bound now (`bound`: primary keys), each once, and each range the right way round."""
    if not chosen:
        return _("Choose at least one host app.")
    if len({application.pk for application, *_rest in chosen}) < len(chosen):
        return _("Choose each host app once.")
    for application, lowest, highest in chosen:
        if application.pk not in bound:
            return _("%(application)s isn’t bound to this mini program.") % {"application": application}
        if reason := why_not_range(lowest, highest):
            return _about(application, reason)
    return ""


def why_not_platforms(chosen: Sequence[tuple[str, str, str]]) -> str:
    """G-1: known ones, each once, and each range the right way round."""
    if len({platform for platform, *_rest in chosen}) < len(chosen):
        return _("Choose each platform once.")
    for platform, lowest, highest in chosen:
        if platform not in Platform.values:
            return _("Mini programs don’t run on %(platform)s.") % {"platform": platform}
        if reason := why_not_range(lowest, highest):
            return _about(Platform(platform).label, reason)
    return ""


def _about(whose: object, reason: str) -> str:
    return _("%(whose)s: %(reason)s") % {"whose": whose, "reason": reason}


def why_not_range(lowest: str, highest: str) -> str:
    """G-2: two versions, the lowest not above the highest; empty is open."""
    if reason := why_not_range_end(lowest) or why_not_range_end(highest):
        return reason
    if lowest and highest and parts(lowest) > parts(highest):
        words = _("The highest version, %(highest)s, is below the lowest, %(lowest)s.")
        return words % {"highest": highest, "lowest": lowest}
    return ""


def why_not_range_end(version: str) -> str:
    """G-2: up to six numbers with dots; empty is open."""
    if version.count(".") >= MOST_NUMBERS:
        return _("A version can have at most %(most)d numbers.") % {"most": MOST_NUMBERS}
    if version and (len(version) > LONGEST_VERSION or not _VERSION.fullmatch(version)):
        return _("“%(version)s” isn’t a valid version. Use numbers with dots, such as 17.2.") % {
            "version": version[:50]
        }
    return ""


def why_not_chosen(condition: Choice, chosen: Sequence[str]) -> str:
    """G-1: known ones."""
    unknown = [value for value in chosen if value not in condition.options.values]
    words = _("%(label)s: %(value)s can’t be chosen.")
    return words % {"label": condition.label, "value": unknown[0]} if unknown else ""
