"""What is asked before a download."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from console.base.hosts.models import HostApplication
from console.base.hosts.querysets import HostApplicationQuerySet


class DownloadForm(forms.Form):
    """For which application the package is meant, one of those bound; may be left open."""

    application = forms.ModelChoiceField(
        label=_("Built into"),
        queryset=HostApplication.objects.none(),
        required=False,
        empty_label=_("Not decided yet"),
        help_text=_("This page can then show when the app’s preset is outdated."),
        error_messages={"invalid_choice": _("Choose a bound app.")},
    )

    def __init__(self, data: QueryDict | dict[str, Any] | None, *, applications: HostApplicationQuerySet) -> None:
        super().__init__(data)
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]
        if len(applications) == 1:
            self.initial["application"] = applications[0].pk
