"""From a URL to a request, through the application that decides it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from django.http import Http404

from console.base.accounts.access import row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.hosts.access import application_for
from console.base.hosts.states import DecisionState
from console.reviews.querysets import accepted_with
from devmgmt.models import ApiPermission, DomainExemption
from miniprograms.models import Binding
from releases.access import review_for
from releases.models import ReviewDecision, Version

G = TypeVar("G", Binding, DomainExemption, ApiPermission)


def binding_for(user: User, permission: Permission, decision_id: int) -> Binding:
    """Return a binding or the request for one; 404 outside the application's team, 403 without `permission`."""
    return _request_for(Binding, user, permission, decision_id)


def exemption_for(user: User, permission: Permission, decision_id: int) -> DomainExemption:
    """Return an exemption or the request for one, as `binding_for` does."""
    return _request_for(DomainExemption, user, permission, decision_id)


def permission_for(user: User, permission: Permission, decision_id: int) -> ApiPermission:
    """Return an interface permission or the request for one, as `binding_for` does."""
    return _request_for(ApiPermission, user, permission, decision_id)


def submissions_for(user: User, permission: Permission, ids: Collection[int]) -> list[ApiPermission]:
    """Return every request of the submissions to which these belong, of any application, as `binding_for` does."""
    named = list(ApiPermission.objects.filter(pk__in=ids))
    if len(named) < len(set(ids)):
        raise Http404
    paths = ("mini_program__team", "application", "requested_by", "renews")
    found = list(ApiPermission.objects.together_with(named).select_related(*paths).order_by("pk")) if named else []
    for application_id in {row.application.application_id for row in found}:
        application_for(user, permission, application_id)
    return found


def open_review_for(user: User, permission: Permission, decision_id: int) -> ReviewDecision:
    """Return a decision in an audit whose code may be looked at; once it was taken back, that is the team's alone."""
    decision = review_for(user, permission, decision_id)
    if decision.state == DecisionState.WITHDRAWN:
        raise Http404
    return decision


def open_binding_for(user: User, permission: Permission, decision_id: int, number: str) -> tuple[Binding, Version]:
    """Return a binding, or the request for one, with a version that it accepts; 404 for a version that it does not."""
    binding = binding_for(user, permission, decision_id)
    version: Version = row_or_404(accepted_with(binding).numbered(number))
    return binding, version


def _request_for(kind: type[G], user: User, permission: Permission, pk: int) -> G:
    paths = ("mini_program__team", "mini_program__category", "application", "requested_by", "decided_by", "ended_by")
    found: G = row_or_404(kind.objects.select_related(*paths), pk=pk)
    found.application = application_for(user, permission, found.application.application_id)
    return found


def bound_program_for(user: User, permission: Permission, application_id: str, binding_id: int) -> Binding:
    """Return a binding of one of the user's applications, also one that has ended."""
    return _grant_of(Binding, user, permission, application_id, binding_id)


def exemption_of(user: User, permission: Permission, application_id: str, exemption_id: int) -> DomainExemption:
    """Return an exemption in one of the user's applications, also one that has ended."""
    return _grant_of(DomainExemption, user, permission, application_id, exemption_id)


def permission_of(user: User, permission: Permission, application_id: str, permission_id: int) -> ApiPermission:
    """Return an interface permission in one of the user's applications, also one that has ended."""
    return _grant_of(ApiPermission, user, permission, application_id, permission_id)


def _grant_of(kind: type[G], user: User, permission: Permission, application_id: str, pk: int) -> G:
    application = application_for(user, permission, application_id)
    found: G = row_or_404(kind.objects.select_related("mini_program__team"), application=application, pk=pk)
    return found
