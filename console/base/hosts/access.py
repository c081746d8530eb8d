"""From a URL to a host application, or to a person, key or sensitive API of it."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse

from console.base.accounts.access import check, held_by_team, operator, row_or_404
from console.base.accounts.asking import Asking
from console.base.accounts.models import Membership, Team, User
from console.base.accounts.permissions import APPLICATION_ROLE_PERMISSIONS, Permission
from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.hosts.models import (
    ApplicationKey,
    ApplicationMember,
    DefaultApi,
    HostApplication,
    ReviewerInvitation,
    SensitiveApi,
    SigningKey,
)


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


def activity_for(user: User) -> ActivityQuerySet:
    """Return what was done in the user's teams and applications."""
    return ActivityEntry.objects.of_any(
        team_ids=Team.objects.visible_to(user).values_list("pk", flat=True),
        application_ids=HostApplication.objects.visible_to(user).values_list("application_id", flat=True),
    )


def application_for(user: User, permission: Permission, application_id: str) -> HostApplication:
    """Return the application with `held`, what `user` may; 404 outside the user's teams, 403 without `permission`."""
    application = row_or_404(HostApplication.objects.select_related("team"), application_id=application_id)
    held = permissions_in(user, application)
    if not held:
        raise Http404
    check(permission in held)
    application.held = held  # type: ignore[attr-defined]
    application.asking = Asking(  # type: ignore[attr-defined]
        of=application,
        held=held,
        usual=Permission.EDIT_APPLICATION,
        people=lambda: application.people.order_by("role", "user__name", "pk"),
        url=reverse("hosts:detail", args=[application.application_id]),
    )
    return application


def application_of_team(user: User, permission: Permission, application_id: str) -> HostApplication:
    """Return the application where the user's role in the owning team has `permission`; 404 outside their teams."""
    application = application_for(user, Permission.VIEW_APPLICATION, application_id)
    check(permission in held_by_team(user)[application.team_id])
    return application


def person_for(user: User, permission: Permission, application_id: str, person_id: int) -> ApplicationMember:
    """Return the person's membership, with the user; 404 and 403 as `application_for` has them."""
    application = application_for(user, permission, application_id)
    return row_or_404(ApplicationMember.objects.select_related("user"), application=application, pk=person_id)


def invited_for(user: User, permission: Permission, application_id: str, invited_id: int) -> ReviewerInvitation:
    """Return who was invited as a reviewer, with the invitation, open or not; 404 and 403 as `application_for`."""
    application = application_for(user, permission, application_id)
    rows = ReviewerInvitation.objects.select_related("invitation__team")
    return row_or_404(rows, application=application, pk=invited_id)


def key_for(user: User, permission: Permission, application_id: str, key_id: int) -> ApplicationKey:
    """Return a device key of one of the user's applications, also a revoked one."""
    application = application_for(user, permission, application_id)
    return row_or_404(ApplicationKey.objects.all(), application=application, pk=key_id)


def signing_key_for(user: User, permission: Permission, application_id: str, signing_key_id: int) -> SigningKey:
    """Return a signing key of one of the user's applications, also a retired one."""
    application = application_for(user, permission, application_id)
    return row_or_404(SigningKey.objects.all(), application=application, pk=signing_key_id)


def api_for(user: User, permission: Permission, application_id: str, api_id: int) -> SensitiveApi:
    """Return an API in the application's list; 404 and 403 as `application_for` has them."""
    application = application_for(user, permission, application_id)
    return row_or_404(SensitiveApi.objects.all(), application=application, pk=api_id)


def default_api_for(user: User, permission: Permission, default_id: int) -> DefaultApi:
    """Return the sensitive API of every application; 403 for who is no operator, 404 when there is none."""
    operator(user, permission)
    return row_or_404(DefaultApi.objects.all(), pk=default_id)
