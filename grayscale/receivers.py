"""What follows here from changes below, in their transaction and under the program's lock that they hold."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from console.base.accounts.models import User
from grayscale import lifecycle
from miniprograms.models import Binding, MiniProgram
from miniprograms.signals import binding_ended, shelf_changed
from releases.models import Release
from releases.signals import version_released


@receiver(version_released)
def end_what_is_reached(sender: Any, *, release: Release, **kwargs: Any) -> None:
    """A release ends the tasks of the same and of smaller versions, and everybody goes to it (G-9).

    A roll back reaches no running task: their versions are higher than the one that it takes offline.
    """
    program, at = release.mini_program, release.at
    lifecycle.settle(program, at=at)
    lifecycle.end_overtaken(program, release.to_version, by=release.by, at=at)


@receiver(shelf_changed)
def follow_shelf(sender: Any, *, mini_program: MiniProgram, by: User, at: datetime, **kwargs: Any) -> None:
    """Off the shelf suspends what delivers; what should have started meanwhile stands suspended, too (L-4).

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
