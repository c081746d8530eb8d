"""What a script sends goes through the form of the page: the same rules, the same sentences beside the fields (A-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm
from django.http import QueryDict
from ninja import Field

from console.api.manage.problems import NAMES, wrong_fields
from console.api.manage.reading import Sent
from console.base.core.pages import NoteForm

FIELDS = {name: field for field, name in NAMES.items()}


class Reason(Sent):
    """Why, in a person's words."""

    reason: str = Field("", max_length=2000)


def typed(values: Mapping[str, Any]) -> QueryDict:
    """Return what a script sent as a posted form has it; None is a field left blank, False a box not ticked."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        field = FIELDS.get(name, name)
        if isinstance(value, list):
            data.setlist(field, [str(each) for each in value])
        elif value is not None and value is not False:
            data[field] = str(value)
    return data


def by_id(form: BaseForm) -> BaseForm:
    """Let the form's host app be chosen by its own ID in place of the key that its page has; return the form."""
    form.fields["application"].to_field_name = "application_id"  # type: ignore[attr-defined]
    return form


def checked(form: BaseForm, **names: str) -> dict[str, Any]:
    """Return what is clean in a bound form; raises Problem 422 with an error for each field, "" for the whole form.

    `names` are the API's own, by those of the form's fields, where `NAMES` does not have them.
    """
    if form.is_valid():
        return form.cleaned_data
    fields = {"__all__": "", **NAMES, **names}
    raise wrong_fields(
        (fields.get(name, name), str(message)) for name, messages in form.errors.items() for message in messages
    )


def reason_of(body: Reason, *, needed: bool = False) -> str:
    """Return the reason as the dialogs take it."""
    note: str = checked(NoteForm({"note": body.reason}, needed=needed), note="reason")["note"]
    return note
