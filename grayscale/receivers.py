"""What follows here from changes below, in their transaction and under the program's lock that they hold."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.core import times
from grayscale import lifecycle
from grayscale.evidence import evidence_of
from grayscale.guardrail_words import harm_of
from grayscale.models import GrayscaleTask
from miniprograms.models import Binding, MiniProgram
from miniprograms.signals import binding_ended, shelf_changed
from releases.field.errors import Evidence
from releases.field.spread import HigherTask
from releases.models import Release, Version
from releases.signals import errors_asked, publish_considered, release_considered, version_released


@receiver(version_released)
def end_what_is_reached(sender: Any, *, release: Release, **kwargs: Any) -> None:
    """A release ends the tasks of the same and of smaller versions, and everybody goes to it (G-9).

    A roll back reaches no running task: their versions are higher than the one that it takes offline.
    """
    program, at = release.mini_program, release.at
    lifecycle.settle(program, at=at)
    lifecycle.end_overtaken(program, release.to_version, by=release.by, at=at)


@receiver(publish_considered)
def name_harm(sender: Any, *, version: Version, **kwargs: Any) -> list[str]:
    """Return in words which guardrails of running tasks the version exceeds, as they last looked (G-13)."""
    tasks = GrayscaleTask.objects.running(at=timezone.now()).filter(version=version).order_by("pk")
    found = []
    for task in tasks.exclude(guard_devices=None).exclude(guard_seen=None):
        if words := harm_of(task):
            when = times.relative(task.guard_looked_at) if task.guard_looked_at else ""
            found.append(_("“%(task)s”, %(when)s: %(harm)s.") % {"task": task, "harm": words, "when": when})
    return found


@receiver(release_considered)
def name_what_goes_on(sender: Any, *, version: Version, **kwargs: Any) -> list[HigherTask]:
    """Return the running tasks of higher versions, which a release of `version` does not end, in the order of G-7."""
    at = timezone.now()
    tasks = GrayscaleTask.objects.running(at=at).filter(mini_program=version.mini_program_id).select_related("version")
    higher = [task for task in tasks if task.version.parts > version.parts]
    higher.sort(key=lambda task: task.version.parts, reverse=True)
    return [HigherTask(one.pk, one.name, one.version.number, one.state_at(at), one.places_taken()) for one in higher]


@receiver(errors_asked)
def tell_errors(sender: Any, *, version: Version, online: Version | None, **kwargs: Any) -> Evidence | None:
    """Return what devices report of a version beside the online one (G-13)."""
    return evidence_of(version, online=online, at=timezone.now())


@receiver(shelf_changed)
def follow_shelf(sender: Any, *, mini_program: MiniProgram, by: User, at: datetime, **kwargs: Any) -> None:
    """Off the shelf suspends what delivers; what should have started meanwhile is suspended, too (L-4).

    Back on the shelf nothing goes on by itself: someone resumes.
    """
    lifecycle.settle(mini_program, at=at, on_shelf=not mini_program.on_shelf)
    if not mini_program.on_shelf:
        lifecycle.suspend_off_shelf(mini_program, by=by, at=at)


@receiver(binding_ended)
def end_what_reaches_nobody(sender: Any, *, binding: Binding, by: User, at: datetime, **kwargs: Any) -> None:
    """Without any bound application a task ends."""
    program = binding.mini_program
    program.refresh_from_db(fields=["shelf"])  # it was loaded before the lock was taken
    lifecycle.settle(program, at=at)
    lifecycle.end_unbound(program, by=by, at=at)
