"""From a URL to a mini program."""

from __future__ import annotations

from django.http import Http404

from console.base.accounts.access import check
from console.base.accounts.models import Membership, User
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission
from miniprograms.models import Binding, MiniProgram


def mini_program_for(user: User, permission: Permission, app_id: str) -> MiniProgram:
    """Return the program, with `held` permissions of `user`; 404 outside the user's teams, 403 without `permission`."""
    program = MiniProgram.objects.filter(app_id=app_id).select_related("team", "category").first()
    member = Membership.objects.filter(user=user, team=program.team).first() if program else None
    if program is None or member is None:
        raise Http404
    program.held = TEAM_ROLE_PERMISSIONS[member.role]
    check(permission in program.held)
    return program


def binding_for(user: User, permission: Permission, app_id: str, binding_id: int) -> Binding:
    """Return a binding of one of the user's programs."""
    program = mini_program_for(user, permission, app_id)
    binding: Binding | None = program.bindings.filter(pk=binding_id).select_related("application").first()
    if binding is None:
        raise Http404
    binding.mini_program = program
    return binding
