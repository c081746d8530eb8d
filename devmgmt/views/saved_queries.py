"""Queries of the log page that a person keeps, or a team (D-6, D-8)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core.pages import confirm_page, form_page, posted
from console.base.core.toasts import Undo
from devmgmt import actions
from devmgmt.access import saved_query_for
from devmgmt.forms.logs import CriteriaForm, SaveQueryForm
from devmgmt.models import SavedQuery
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.VIEW, load=mini_program_for, methods="GET POST")
def save_query(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Keep the criteria of the URL under a name; relative times stay relative."""
    criteria = CriteriaForm(request.GET, program=program, at=timezone.now())
    page = reverse("devmgmt:logs", args=[program.app_id])
    if not criteria.is_valid():
        if request.method == "POST":  # as the toast's Undo may, when the days of the query are over
            messages.error(request, _("Not saved. These search criteria are no longer valid."))
        return redirect(f"{page}?{criteria.query()}")
    return form_page(
        request,
        SaveQueryForm(posted(request)),
        save=lambda data: actions.save_query(
            program, name=data["name"], query=criteria.query(), is_shared=data["shared"], by=request.user
        ),
        success=lambda saved: (_("“%(query)s” saved.") % {"query": saved}, f"{page}?{saved.query}"),
        template="devmgmt/save_query.html",
        cancel=f"{page}?{criteria.query()}",
        mini_program=program,
        asked=criteria.asked(),
    )


@route(Permission.VIEW, load=saved_query_for, methods="GET POST")
def edit_query(request: SignedInRequest, saved: SavedQuery) -> HttpResponse:
    """Give a saved query another name, or the criteria of the URL; its author can share it, and take it back."""
    criteria = CriteriaForm(request.GET, program=saved.mini_program, at=timezone.now())
    page = reverse("devmgmt:logs", args=[saved.mini_program.app_id])
    may_replace = criteria.is_valid() and criteria.query() not in ("", saved.query)
    initial = {"name": saved.name, "shared": "team" if saved.is_shared else "me"}
    is_own = saved.user_id == request.user.pk
    return form_page(
        request,
        SaveQueryForm(posted(request), initial=initial, may_share=is_own, may_replace=may_replace),
        save=lambda data: actions.change_query(
            saved,
            name=data["name"],
            is_shared=data.get("shared", saved.is_shared),
            query=criteria.query() if data.get("replace") else None,
            by=request.user,
        ),
        success=lambda changed: (_("“%(query)s” saved.") % {"query": changed}, f"{page}?{changed.query}"),
        template="devmgmt/edit_query.html",
        cancel=f"{page}?{criteria.query()}",
        mini_program=saved.mini_program,
        query=saved,
    )


@route(Permission.VIEW, load=saved_query_for, methods="GET POST")
def delete_query(request: SignedInRequest, saved: SavedQuery) -> HttpResponse:
    """Delete a saved query."""
    page = reverse("devmgmt:logs", args=[saved.mini_program.app_id])
    again = reverse("devmgmt:save_query", args=[saved.mini_program.app_id])
    fields = {"name": saved.name, "shared": "team" if saved.is_shared else "me"}
    is_own = saved.user_id == request.user.pk  # Somebody else's would become mine.
    return confirm_page(
        request,
        forms.Form(posted(request)),
        template="devmgmt/confirm/delete_query.html",
        save=lambda data: actions.delete_query(saved, by=request.user),
        toast=lambda _nothing: _("“%(query)s” deleted.") % {"query": saved},
        undo=lambda _nothing: Undo(f"{again}?{saved.query}", fields) if is_own else None,
        back=page,
        mini_program=saved.mini_program,
        query=saved,
    )
