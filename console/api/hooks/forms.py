"""What is asked about a webhook (A-4)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.api.hooks.models import Webhook
from console.api.hooks.states import WITH_OWN_SECRET, Format
from console.base.accounts.models import Team
from console.base.core.fields import WordsField
from console.base.core.pages import NoteForm
from console.base.hosts.states import Overlap
from miniprograms.models import MiniProgram

HOUR, DAY = 3600, 86_400
CODE = {"class": "font-monospace", "autocomplete": "off", "spellcheck": "false"}


class PatternsField(WordsField):
    """Names of events and wildcards, one a line; gives them as a list, each once."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "form-control font-monospace", "spellcheck": "false"})

    def clean(self, value: Any) -> list[str]:
        """Return the names."""
        lines = super().clean(value).replace(",", "\n").split()
        return list(dict.fromkeys(lines))


def address_field(**options: Any) -> forms.URLField:
    """Return the field of where it is sent."""
    return forms.URLField(
        label=_("Address"),
        max_length=Webhook._meta.get_field("address").max_length,
        assume_scheme="https",
        widget=forms.URLInput(attrs={**CODE, "placeholder": "https://"}),
        **options,
    )


class HeardForm(forms.Form):
    """What is heard, and in which language."""

    patterns = PatternsField(
        label=_("Events"),
        help_text=_("Names or wildcards, one per line: version.published, version.*, or * for all."),
        initial="*",
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("The language in which events are described.")
    )
    chat_secret = forms.CharField(
        label=_("Chat signing secret"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={**CODE, "autocomplete": "new-password"}),
        help_text=_("Only for robots of Feishu and DingTalk that require a signature."),
    )


class WebhookForm(HeardForm):
    """A webhook of a host app."""

    url = address_field(help_text=_("Events are sent here by POST. The address must start with https."))
    format = forms.ChoiceField(label=_("Format"), choices=Format, initial=Format.STANDARD)
    field_order = ("url", "format", "program", "patterns", "language", "chat_secret")

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = language


class TeamWebhookForm(WebhookForm):
    """A webhook of a team, for all of its mini programs or for one."""

    program = forms.ModelChoiceField(
        label=_("Mini program"),
        queryset=MiniProgram.objects.none(),
        required=False,
        empty_label=_("All, and the team itself"),
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programs: Any = self.fields["program"]
        programs.queryset = MiniProgram.objects.filter(team=team).order_by("name")


class EditForm(HeardForm):
    """Where it is sent and what it hears; a blank address stays as it is."""

    url = address_field(
        required=False, help_text=_("Leave blank to keep the current one. Its secret parts are never shown.")
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("url", "patterns", "language", "chat_secret", "revision")

    def __init__(self, *args: Any, webhook: Webhook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if webhook.format not in WITH_OWN_SECRET:
            del self.fields["chat_secret"]

    def show_conflict(self, current: Webhook) -> str:
        """Take on the revision that is there now, so that a second save is a decision; return what it would change."""
        self.data = {**self.data.dict(), "revision": current.revision}  # type: ignore[attr-defined]
        words = _(
            "Someone else changed the webhook while you were editing. Now it sends %(events)s to %(address)s, in "
            "%(language)s. Save again to overwrite that."
        )
        language = dict(settings.LANGUAGES)[current.language]
        return words % {"events": ", ".join(current.events), "address": current.address, "language": language}


class SecretForm(NoteForm):
    """How long the old secret goes on working, and why; `seen` is the one on the screen."""

    overlap = forms.TypedChoiceField(
        label=_("Current secret"), choices=Overlap, coerce=int, initial=Overlap.DAY, widget=forms.RadioSelect
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("overlap", "note", "seen")


class ReplayForm(forms.Form):
    """Which period is sent again."""

    PERIODS = (
        (HOUR, pgettext_lazy("period", "Last hour")),
        (DAY, pgettext_lazy("period", "Last 24 hours")),
        (7 * DAY, pgettext_lazy("period", "Last 7 days")),
        (30 * DAY, pgettext_lazy("period", "Last 30 days")),
    )
    period = forms.TypedChoiceField(label=pgettext_lazy("of time", "Period"), choices=PERIODS, coerce=int, initial=DAY)
    failed_only = forms.BooleanField(label=_("Failed ones only"), required=False, initial=True)
