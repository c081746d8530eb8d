"""A reviewer's decision."""

from django import forms
from django.utils.translation import gettext_lazy as _

from console.base.core.fields import WordsField

APPROVE, REJECT = "approve", "reject"


class DecisionForm(forms.Form):
    """Approve or reject, with a note; that a rejection needs one is the verb's rule."""

    note = WordsField(
        label=_("Note to the developer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(
            attrs={
                "class": "form-control",
                "rows": 4,
                "data-key": "r",
                "placeholder": _("What must change, and where. Required to reject."),
            }
        ),
    )
    decision = forms.ChoiceField(choices=[(APPROVE, _("Approve")), (REJECT, _("Reject"))], widget=forms.HiddenInput)
