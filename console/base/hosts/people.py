"""Who acts for a host application."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, prefetch_related_objects
from django.utils.translation import ngettext

from console.base.accounts.models import User
from console.base.accounts.permissions import ApplicationRole, Permission, application_roles_with
from console.base.hosts.models import ApplicationMember, HostApplication

UNLED = ~Exists(ApplicationMember.objects.acting_admins().filter(application=OuterRef("pk")))


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


def led_alone(user: User) -> list[str]:
    """Return how many applications of which teams have no other administrator who can sign in than `user`, in words.

    None is named: operators read it (P-1).
    """
    admins = ApplicationMember.objects.acting_admins()
    own, others = admins.filter(user=user), admins.exclude(user=user)
    alone = HostApplication.objects.filter(pk__in=own.values("application"))
    rows = alone.exclude(pk__in=others.values("application")).values_list("team__name").annotate(n=Count("pk"))
    return [
        ngettext("%(n)d app of %(team)s", "%(n)d apps of %(team)s", n) % {"n": n, "team": team}
        for team, n in rows.order_by("team__name")
    ]
