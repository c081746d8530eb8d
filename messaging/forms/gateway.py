"""The forms of an application's gateway, server secret and bans."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from console.base.activity.forms import RevisionForm
from console.base.core.fields import WordsField
from console.base.core.pages import NoteForm
from console.base.hosts.states import Overlap
from messaging.localization import title_of
from messaging.models import Gateway, MyTemplate
from miniprograms.models import MiniProgram


class GatewayForm(RevisionForm):
    """Where messages go, and the revision that the editor saw."""

    url = forms.URLField(
        label=_("Address"),
        max_length=Gateway._meta.get_field("url").max_length,
        assume_scheme="https",
        widget=forms.URLInput(
            attrs={"class": "font-monospace", "placeholder": "https://", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("The URL where the host app’s server receives messages by POST. It must start with https."),
    )
    field_order = ("url", "revision")
    compared = ("url",)


class RemoveForm(RevisionForm):
    """Nothing but the revision that was seen."""


class SecretForm(NoteForm):
    """How long the old secret goes on working, and why; `seen` is the one on the screen."""

    overlap = forms.TypedChoiceField(
        label=_("Current secret"), choices=Overlap, coerce=int, initial=Overlap.DAY, widget=forms.RadioSelect
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("overlap", "note", "seen")


class BanForm(forms.Form):
    """What is stopped, and why: `programs` to choose from, or what of the one `program` that is given."""

    ALL = "all"
    program = forms.ModelChoiceField(
        label=_("Mini program"), queryset=MiniProgram.objects.none(), empty_label=_("Choose a mini program")
    )
    template = forms.ChoiceField(label=_("Messages"), initial=ALL)
    reason = WordsField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The mini program’s team will see it."),
    )

    def __init__(
        self, *args: Any, programs: QuerySet[MiniProgram], program: MiniProgram | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.templates: dict[str, MyTemplate] = {}
        if program:
            del self.fields["program"]
            self.templates = {template.template_id: template for template in program.templates.live()}
            own = ((key, _titled(template)) for key, template in self.templates.items())
            self.fields["template"].choices = [(self.ALL, _("All messages")), *own]  # type: ignore[attr-defined]
        else:
            del self.fields["template"]
            self.fields["program"].queryset = programs  # type: ignore[attr-defined]

    def clean_template(self) -> MyTemplate | None:
        """Return the template; None for all messages."""
        return self.templates.get(self.cleaned_data["template"])


def _titled(template: MyTemplate) -> str:
    """Name a template; two may have the same title."""
    return f"{title_of(template)} ({template.template_id[:8]}…)"
