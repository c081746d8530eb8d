"""What a script sent, in the shape in which forms read what people type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm
from django.http import QueryDict


def typed(values: Mapping[str, Any]) -> QueryDict:
    """Return the values as a posted form has them; None is a field that was left blank, False a box not ticked."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, list):
            data.setlist(name, [str(each) for each in value])
        elif value is not None and value is not False:
            data[name] = str(value)
    return data


def by_id(form: BaseForm, name: str) -> BaseForm:
    """Let the field `name` take an application's own ID in place of the key that its page has; return the form."""
    form.fields[name].to_field_name = "application_id"  # type: ignore[attr-defined]
    return form
