"""From a URL to a mini program."""

from __future__ import annotations

from console.base.accounts.access import check, operator, row_or_404, team_asking
from console.base.accounts.models import User
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission
from miniprograms.models import Binding, Category, IdeDownload, MiniProgram


def mini_program_for(user: User, permission: Permission, app_id: str) -> MiniProgram:
    """Return the program, with `held` permissions of `user`; 404 outside the user's teams, 403 without `permission`."""
    program = row_or_404(MiniProgram.objects.with_role_of(user).select_related("team", "category"), app_id=app_id)
    program.held = TEAM_ROLE_PERMISSIONS[program.role]
    program.asking = team_asking(program.team, program.held)
    check(permission in program.held)
    return program


def binding_for(user: User, permission: Permission, app_id: str, binding_id: int) -> Binding:
    """Return the binding, in whatever state; 404 and 403 as `mini_program_for` has them."""
    program = mini_program_for(user, permission, app_id)
    return row_or_404(Binding.objects.select_related("application"), mini_program=program, pk=binding_id)


def category_for(user: User, permission: Permission, category_id: int) -> Category:
    """Return the category; 403 for who is no operator, 404 when there is none."""
    operator(user, permission)
    return row_or_404(Category.objects.all(), pk=category_id)


def ide_download_for(user: User, permission: Permission, download_id: int) -> IdeDownload:
    """Return the download of the IDE; 403 for who is no operator, 404 when there is none."""
    operator(user, permission)
    return row_or_404(IdeDownload.objects.all(), pk=download_id)
