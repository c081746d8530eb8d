"""From a URL to a request, through the application that decides it."""

from __future__ import annotations

from django.http import Http404

from console.accounts.models import User
from console.accounts.permissions import Permission
from console.hosts.access import application_for
from miniprograms.models import Binding


def binding_for(user: User, permission: Permission, decision_id: int) -> Binding:
    """Return a binding or the request for one; 404 outside the application's team, 403 without `permission`."""
    binding: Binding | None = (
        Binding.objects.filter(pk=decision_id)
        .select_related("mini_program__team", "mini_program__category", "application", "requested_by", "decided_by")
        .first()
    )
    if binding is None:
        raise Http404
    binding.application = application_for(user, permission, binding.application.application_id)
    return binding


def bound_program_for(user: User, permission: Permission, application_id: str, binding_id: int) -> Binding:
    """Return a binding of one of the user's applications."""
    application = application_for(user, permission, application_id)
    binding: Binding | None = application.bindings.filter(pk=binding_id).select_related("mini_program__team").first()
    if binding is None:
        raise Http404
    binding.application = application
    return binding
