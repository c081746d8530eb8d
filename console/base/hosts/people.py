"""Who acts for a host application."""

from __future__ import annotations

from django.db.models import prefetch_related_objects

from console.base.accounts.models import User
from console.base.accounts.permissions import ApplicationRole, Permission, application_roles_with
from console.base.hosts.models import ApplicationMember, HostApplication


def administrators_of(application: HostApplication) -> list[ApplicationMember]:
    """Return the application administrators who can sign in; no query when `people__user` is prefetched."""
    prefetch_related_objects([application], "people__user")
    return [
        person
        for person in application.people.all()
        if person.role == ApplicationRole.APP_ADMIN and person.user.is_active
    ]


def reviewers_of(application: HostApplication) -> list[User]:
    """Return who may decide the application's requests and can sign in; no query when `people__user` is prefetched."""
    prefetch_related_objects([application], "people__user")
    roles = application_roles_with(Permission.DECIDE)
    return [person.user for person in application.people.all() if person.role in roles and person.user.is_active]
