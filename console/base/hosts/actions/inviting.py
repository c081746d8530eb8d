"""The verbs that bring a reviewer into an application directly (P-11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts import actions as accounts
from console.base.accounts.models import Invitation, Team, User
from console.base.accounts.permissions import ApplicationRole, TeamRole
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts import events, icons
from console.base.hosts.actions import add_person, create_application, ending
from console.base.hosts.models import ApplicationMember, HostApplication, ReviewerInvitation


@transaction.atomic
def invite_reviewer(
    application: HostApplication, *, email: str, by: User, at: datetime | None = None
) -> ReviewerInvitation | ApplicationMember:
    """Invite a person as reviewer of this application; in the team they will be a viewer, as the least.

    A member of the team becomes reviewer immediately. Who has an open invitation to the team gets the role with it, and
    one to this application is sent again; `mailed` says whether an e-mail goes out. Raises ActionRefused.
    """
    team, at, email = accounts.lock(application.team), at or timezone.now(), email.strip().lower()
    if email == by.email:
        raise ActionRefused(_("You can’t decide your own requests. Invite someone else."), field="email")
    if member := User.objects.people().filter(memberships__team=team, email=email).first():
        if ApplicationMember.objects.filter(application=application, user=member).exists():
            raise ActionRefused(_("The person with this address already has a role in this app."), field="email")
        return add_person(application, user=member, role=ApplicationRole.REVIEWER, by=by, at=at)
    invitation = team.invitations.open().filter(email=email).first()
    again = ReviewerInvitation.objects.filter(application=application, invitation=invitation).first()
    began = invitation is None or _began(invitation, at=at)
    if invitation is None:
        invitation = accounts.invite_into(team, email=email, role=TeamRole.VIEWER, by=by, at=at)
    elif again or invitation.expires_at <= at:
        _refuse_higher(invitation)
        invitation = accounts.resend_invitation(invitation, by=by, at=at)
    invited = again or ReviewerInvitation.objects.create(application=application, invitation=invitation, began=began)
    invited.mailed = invitation.invited_at == at
    if not again:
        emit(events.ReviewerInvited(invited, by=by, at=at, after={"role": ApplicationRole.REVIEWER}))
    return invited


def _began(invitation: Invitation, *, at: datetime) -> bool:
    """Whether only reviewing keeps the invitation open: it was made for that, or had expired until now."""
    rows = ReviewerInvitation.objects.filter(invitation=invitation)
    return invitation.expires_at <= at or rows.filter(began=True).exists()


@transaction.atomic
def withdraw_reviewer(invited: ReviewerInvitation, *, by: User, at: datetime | None = None) -> bool:
    """Take back that the person will be a reviewer; an invitation to the team that was made for it ends, too (P-11).

    Return whether one ended. Raises Conflict when it was accepted or taken back.
    """
    team, at = accounts.lock(invited.application.team), at or timezone.now()
    invited_now = ReviewerInvitation.objects.open().filter(pk=invited.pk, application__team=team)
    current = invited_now.select_related("application", "invitation__team").first()
    if current is None:
        raise Conflict(_("Already done: this invitation was accepted or revoked."))
    return ending.withdraw(current, by=by, at=at)


def _refuse_higher(invitation: Invitation) -> None:
    """Raise ActionRefused unless the person becomes a viewer: who is invited to more is up to team administrators."""
    if invitation.role != TeamRole.VIEWER:
        words = _("This address was already invited to the team. A team administrator can send that invitation again.")
        raise ActionRefused(words, field="email")


def create_with_reviewer(
    *,
    team: Team,
    by: User,
    reviewer: str = "",
    icon: ContentFile[bytes] | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> HostApplication:
    """Create an application as `create_application` does, and invite its first reviewer: one act (P-11)."""
    with icons.stored(icon) as stored, transaction.atomic():
        application = create_application(team=team, by=by, icon=stored, at=at, **fields)
        if reviewer:
            try:
                invite_reviewer(application, email=reviewer, by=by, at=at)
            except ActionRefused as refused:
                raise ActionRefused(refused.message, field="reviewer") from refused
        return application


def admit_reviewer(invitation: Invitation, user: User, *, at: datetime) -> None:
    """Give who has just joined the team the roles that were part of the invitation; inside the caller's transaction."""
    invited = ReviewerInvitation.objects.filter(invitation=invitation).exclude(application__people__user=user)
    for row in invited.select_related("application"):
        role = {"role": ApplicationRole.REVIEWER, "since": at}
        person = ApplicationMember.objects.create(application=row.application, user=user, **role)
        emit(events.ReviewerJoined(person, by=user, at=at, after={"role": person.role}))
