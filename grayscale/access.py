"""From a URL to a grayscale task or one of its object lists."""

from __future__ import annotations

import re

from django.http import Http404

from console.base.accounts.access import row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from grayscale.models import GrayscaleTask, ObjectList
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


def task_for(user: User, permission: Permission, app_id: str, task_id: int) -> GrayscaleTask:
    """Return the task with its version and program; 404 and 403 as `mini_program_for` has them."""
    program = mini_program_for(user, permission, app_id)
    task = row_or_404(GrayscaleTask.objects.select_related("version", "created_by"), mini_program=program, pk=task_id)
    task.version.mini_program = program
    return task


def task_of(program: MiniProgram, number: str) -> GrayscaleTask | None:
    """Return the program's task that a form or an address names; None for "", and Http404 for what is not there."""
    if not number:
        return None
    if not re.fullmatch("[0-9]{1,18}", number):
        raise Http404
    task = row_or_404(GrayscaleTask.objects.select_related("version"), mini_program=program, pk=number)
    task.version.mini_program = program
    return task


def object_list_for(user: User, permission: Permission, app_id: str, list_id: int) -> ObjectList:
    """Return an object list, or a draft of one, of one of the user's programs; without its hashes."""
    program = mini_program_for(user, permission, app_id)
    return row_or_404(ObjectList.objects.defer("hashes"), mini_program=program, pk=list_id)
