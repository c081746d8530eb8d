"""What is asked before a secret is replaced (K-2)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.core.pages import NoteForm
from devmgmt.keys.states import Overlap


class ResetForm(NoteForm):
    """What becomes of the current secret, and why it is replaced; `seen` is the row of the secret on the screen.

    Nothing is chosen beforehand: refusing immediately is right for a leak, and an outage for everyone else.
    """

    overlap = forms.TypedChoiceField(
        label=_("Current secret"),
        choices=Overlap.choices,
        coerce=lambda value: Overlap(int(value)),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happens to the current secret.")},
    )
    seen = forms.IntegerField(min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput)

    field_order = ("overlap", "note", "seen")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args, needed=True, help_text=gettext("The team’s other administrators will see it."), **kwargs
        )
