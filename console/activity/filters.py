"""The filters of an activity page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.activity.querysets import ActivityQuerySet
from console.activity.verbs import Verb
from console.core.widgets import FilterSelect

PERIODS = (("", _("Any time")), ("1", _("Last 24 hours")), ("7", _("Last 7 days")), ("30", _("Last 30 days")))


class ActivityFilters(forms.Form):
    """Who, what, when."""

    who = forms.CharField(
        label=_("Who"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Who"), "class": "form-control"}),
    )
    what = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[("", _("Anything")), *Verb.choices],
        widget=FilterSelect(),
    )
    when = forms.ChoiceField(label=_("When"), required=False, choices=PERIODS, widget=FilterSelect())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].widget.input_type = "search"

    def apply(self, entries: ActivityQuerySet) -> ActivityQuerySet:
        """Return the entries that fit; a value that nobody offers filters nothing."""
        self.is_valid()
        chosen = self.cleaned_data
        if who := chosen.get("who"):
            entries = entries.filter(actor_label__icontains=who)
        if what := chosen.get("what"):
            entries = entries.filter(verb=what)
        if when := chosen.get("when"):
            entries = entries.filter(at__gte=timezone.now() - timedelta(days=int(when)))
        return entries
