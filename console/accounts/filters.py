"""The filters of a team's member list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.accounts.permissions import TeamRole
from console.accounts.querysets import MembershipQuerySet
from console.core.widgets import FilterSelect


class MemberFilters(forms.Form):
    """Who, in which role."""

    q = forms.CharField(
        label=_("Name or e-mail"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or e-mail"), "class": "form-control"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        required=False,
        choices=[("", _("Any role")), *TeamRole.choices],
        widget=FilterSelect(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.input_type = "search"

    def apply(self, members: MembershipQuerySet) -> MembershipQuerySet:
        """Return the members that fit; a value that nobody offers filters nothing."""
        self.is_valid()
        if words := self.cleaned_data.get("q"):
            members = members.filter(Q(user__name__icontains=words) | Q(user__email__icontains=words))
        if role := self.cleaned_data.get("role"):
            members = members.filter(role=role)
        return members
