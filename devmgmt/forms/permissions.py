"""What developers ask of an application's list of sensitive APIs (D-3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.core import times
from console.base.core.fields import WordsField
from console.base.hosts.models import SensitiveApi


class PermissionsForm(forms.Form):
    """Which of the restricted APIs that were not asked for, with one reason for all of them."""

    apis = forms.MultipleChoiceField(
        label=_("APIs"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one API."),
            "invalid_choice": _(
                "One of these APIs is no longer restricted or has already been requested. Choose again."
            ),
        },
    )
    reason = WordsField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Reviewers will see this. Explain what the mini program does with these APIs, and where."),
    )

    def __init__(self, *args: Any, apis: Iterable[SensitiveApi], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["apis"].choices = [(api.name, _words(api)) for api in apis]  # type: ignore[attr-defined]


def _words(api: SensitiveApi) -> str:
    """Return what the API does, and until when the program may call it already (D-10)."""
    until = getattr(api, "granted_until", None)
    parts = (api.purpose, until and gettext("granted until %(time)s") % {"time": times.exact(until)})
    return " · ".join(part for part in parts if part)
