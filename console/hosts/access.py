"""From a URL to a host application or a person in it."""

from __future__ import annotations

from django.http import Http404

from console.accounts.access import check
from console.accounts.models import Membership, User
from console.accounts.permissions import APPLICATION_ROLE_PERMISSIONS, Permission
from console.hosts.models import ApplicationMember, HostApplication


def permissions_in(user: User, application: HostApplication) -> frozenset[Permission]:
    """Return what `user` may do in the application: by the team's role, and by the application's own."""
    held: set[Permission] = set()
    member = Membership.objects.filter(user=user, team_id=application.team_id).first()
    if member and member.may(Permission.VIEW_APPLICATION):
        held.add(Permission.VIEW_APPLICATION)
        person = ApplicationMember.objects.filter(user=user, application=application).first()
        if person:
            held |= APPLICATION_ROLE_PERMISSIONS[person.role]
    return frozenset(held)


def application_for(user: User, permission: Permission, application_id: str) -> HostApplication:
    """Return the application; 404 outside the user's teams, 403 without `permission`."""
    application = (
        HostApplication.objects.filter(application_id=application_id).select_related("team").first()
    )
    held = permissions_in(user, application) if application else frozenset()
    if application is None or not held:
        raise Http404
    check(permission in held)
    application.held = held  # type: ignore[attr-defined]
    return application


def decides_for(user: User, application: HostApplication) -> bool:
    """Whether `user` may decide the application's requests."""
    return Permission.DECIDE in permissions_in(user, application)
