"""When what is refused, in the reader's words; the roles are checked by the routes."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.accounts.permissions import ApplicationRole
from console.base.hosts.models import ApplicationMember, Decision, HostApplication, SensitiveApi, ServerSecret
from console.base.hosts.states import DecisionState


def why_not_leave(person: ApplicationMember, administrators: list[ApplicationMember]) -> str:
    """Return why a person can be neither removed nor given a lower role, in words; "" when they can."""
    if person.role != ApplicationRole.APP_ADMIN or any(other != person for other in administrators):
        return ""
    return _(
        "%(person)s is the only application administrator of %(application)s. Give someone else this role first."
    ) % {
        "person": person.user,
        "application": person.application,
    }


def why_not_leave_any(user: User) -> str:
    """Return the same for who may not know the application (P-1)."""
    words = _("%(person)s is the only administrator of an app. Make someone else application administrator first.")
    return words % {"person": user}


def why_not_appoint(application: HostApplication) -> str:
    """Return why the team can't appoint an application administrator, in words; "" where none can sign in; a query."""
    if not application.people.acting_admins().exists():
        return ""
    return _("%(application)s has an administrator who can sign in.") % {"application": application}


def why_not_remove_api(api: SensitiveApi, is_default: bool) -> str:
    """Return why an API can't be taken out of the list, in words; "" when it can."""
    return _("%(api)s is in every app’s list. Make it public instead.") % {"api": api} if is_default else ""


def why_not_generate_server_secret(current: ServerSecret | None) -> str:
    """Return why the first server secret can't be made, in words; "" when it can."""
    return _("There is already a secret. Reset it to get a new one.") if current else ""


def why_not_reset_server_secret(current: ServerSecret | None, *, seen: int | None = None) -> str:
    """Return why the server secret can't be replaced, in words; "" when it can. `seen` is the one on the screen."""
    if current is None:
        return _("There is no secret yet. Generate one first.")
    if seen not in (None, current.pk):
        return _("Already done: this secret was replaced.")
    return ""


def why_not_decide(decision: Decision, *, by: User) -> str:
    """Return why `by` can't decide, in words; "" when they can. Roles are checked by the route."""
    if decision.state != DecisionState.WAITING:
        return _("Already decided: %(state)s.") % {"state": decision.get_state_display()}
    return why_not_own(decision, by=by)


def why_not_own(decision: Decision, *, by: User) -> str:
    """Return why `by` can't decide what they asked for, by hand or by a robot of theirs, in words (P-2)."""
    if decision.requested_by_id == by.pk:
        return _("This is your own request. Someone else must decide.")
    if decision.is_own_of(by):
        return _("A robot whose token you created requested this. Someone else must decide.")
    return ""


def why_not_require_proofs(uses: Mapping[str, bool], has_secret: bool) -> str:
    """Return why these uses can't need an installation proof, in words; "" when they can (R-9)."""
    if any(uses.values()) and not has_secret:
        return _("Generate the server secret first. Without it, apps can’t get proofs.")
    return ""


MOST_SIGNING_KEYS = 3  # each makes every answer to a device longer


def why_not_add_signing_key(active: int) -> str:
    """Why no key can be added; `active` counts those that sign."""
    if active >= MOST_SIGNING_KEYS:
        return _("%(count)d keys are already signing. Retire one first.") % {"count": active}
    return ""


def why_not_retire_signing_key(active: int) -> str:
    """Why none can be retired; `active` counts those that sign."""
    if active <= 1:
        return _("This is the only signing key. Add a new one first, and ship it in the app.")
    return ""
