"""A reviewer's decision, and a removal."""

from django import forms
from django.utils.translation import gettext_lazy as _

APPROVE, REJECT = "approve", "reject"


class DecisionForm(forms.Form):
    """Approve or reject, with a note; that a rejection needs one is the verb's rule."""

    note = forms.CharField(
        label=_("Note to the developer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(
            attrs={
                "class": "form-control",
                "rows": 4,
                "placeholder": _("What must change, and where. Required to reject."),
            }
        ),
    )
    decision = forms.ChoiceField(choices=[(APPROVE, _("Approve")), (REJECT, _("Reject"))], widget=forms.HiddenInput)


class RemovalForm(forms.Form):
    """Why a mini program is removed from an application (L-6)."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The mini program’s team reads it."),
    )
