"""What a script sends goes through the form of the page: the same rules, the same sentences beside the fields (A-2)."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm
from ninja import Field, Schema

from console.api.manage.problems import Problem
from console.base.core.pages import NoteForm


class Reason(Schema):
    """Why, in a person's words."""

    reason: str = Field("", max_length=2000)


def checked(form: BaseForm, **names: str) -> dict[str, Any]:
    """Return what is clean in a bound form; raises Problem 422 with an error for each field, "" for the whole form.

    `names` are the API's own, by those of the form's fields.
    """
    if form.is_valid():
        return form.cleaned_data
    fields = {"__all__": "", **names}
    errors = [
        {"field": fields.get(name, name), "message": str(message)}
        for name, messages in form.errors.items()
        for message in messages
    ]
    raise Problem(422, "The request has errors.", code="invalid", errors=errors)


def reason_of(body: Reason, *, needed: bool = False) -> str:
    """Return the reason as the dialogs take it."""
    note: str = checked(NoteForm({"note": body.reason}, needed=needed), note="reason")["note"]
    return note
