"""What developers ask of a host application (D-2)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from console.core.fields import WordsField
from console.hosts.models import HostApplication


class ExemptionForm(forms.Form):
    """Which application shall let the program skip domain verification, and why."""

    application = forms.ModelChoiceField(
        label=_("Application"), queryset=HostApplication.objects.none(), empty_label=_("Choose an application")
    )
    reason = WordsField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The application's reviewers read it: why the hosts can't be listed, and whose they are."),
    )

    def __init__(self, *args: Any, applications: QuerySet[HostApplication], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]
