"""The filters of the inbox and of the lists of the host side."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from console.accounts.models import Team
from console.core.widgets import FilterSelect
from console.hosts.models import HostApplication
from console.hosts.querysets import HostApplicationQuerySet
from console.reviews.querysets import AUDIT, BINDING, Requests, about

KINDS = ((AUDIT, _("Version audits")), (BINDING, _("Bindings")))


def _words(label: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"type": "search", "placeholder": label, "class": "form-control"})
    widget.input_type = "search"
    return forms.CharField(label=label, required=False, max_length=100, widget=widget)


class InboxFilters(forms.Form):
    """Application, kind, words."""

    application = forms.ModelChoiceField(
        label=_("Application"),
        queryset=HostApplication.objects.none(),
        to_field_name="application_id",
        required=False,
        empty_label=_("All my applications"),
        widget=FilterSelect(),
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Any kind")), *KINDS], widget=FilterSelect()
    )
    q = _words(_("Mini program, App ID or version"))

    def __init__(self, *args: Any, applications: QuerySet[HostApplication], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]

    def apply(self, requests: Requests) -> Requests:
        """Return the requests that fit; an application that is not the user's is 404 (P-1)."""
        self.is_valid()
        if "application" in self.errors:
            raise Http404
        chosen = self.cleaned_data
        if kind := chosen.get("kind"):
            requests = {kind: requests[kind]}
        if application := chosen.get("application"):
            requests = {kind: rows.filter(application=application) for kind, rows in requests.items()}
        if words := chosen.get("q"):
            requests = about(requests, words)
        return requests


class ApplicationFilters(forms.Form):
    """Team and words."""

    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("All my teams"),
        widget=FilterSelect(),
    )
    q = _words(_("Name or Application ID"))

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def apply(self, applications: HostApplicationQuerySet) -> HostApplicationQuerySet:
        """Return the applications that fit; a team that is not the user's is 404 (P-1)."""
        self.is_valid()
        if "team" in self.errors:
            raise Http404
        if team := self.cleaned_data.get("team"):
            applications = applications.filter(team=team)
        if words := self.cleaned_data.get("q"):
            applications = applications.filter(Q(name__icontains=words) | Q(application_id__startswith=words.lower()))
        return applications


class ProgramFilters(forms.Form):
    """Words."""

    q = _words(_("Name or App ID"))
