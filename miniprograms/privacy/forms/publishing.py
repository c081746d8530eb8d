"""What is asked before the draft goes online."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.core.pages import NoteForm


class PublishForm(NoteForm):
    """Whether users have to agree again, a note, and the revision that the publisher saw (S-2, S-4)."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    asks_again = forms.BooleanField(label=gettext_lazy("Users must agree again"), required=False)
    field_order = ("revision", "asks_again", "note")

    def __init__(self, data: QueryDict | None, *, revision: int, concerns_users: bool, is_first: bool) -> None:
        super().__init__(data, initial={"revision": revision, "asks_again": concerns_users})
        if is_first:
            del self.fields["asks_again"]
        elif concerns_users:
            words = _("This version adds data, a purpose or a third party, so users should agree again.")
            self.fields["asks_again"].help_text = words
        else:
            words = _("Users have already agreed to the same data and third parties.")
            self.fields["asks_again"].help_text = words
        self.fields["note"].help_text = _("What changed. Shown to your team and in the activity log.")
