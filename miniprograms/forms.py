"""What people type about mini programs and bindings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Team
from console.base.activity.forms import RevisionForm
from console.base.core.fields import LineField, WordsField
from console.base.core.images import IconField
from console.base.hosts.forms import RequestForm
from console.base.hosts.models import HostApplication
from miniprograms.actions import DESCRIPTIVE
from miniprograms.models import Category, MiniProgram


class MiniProgramForm(forms.Form):
    """The descriptive fields (L-1)."""

    name = LineField(
        label=_("Name"), min_length=2, max_length=30, help_text=_("2 to 30 characters, unique in the team.")
    )
    icon = IconField(
        label=_("Icon"),
        required=False,
        help_text=_("PNG, JPEG or WebP up to 1 MB, cut to a square. Without one it is drawn from the name."),
    )
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.all(), empty_label=_("Choose a category")
    )
    introduction = LineField(
        label=_("Introduction"),
        max_length=120,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One sentence that users read."),
    )
    description = WordsField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )

    def icon_is_lost(self) -> bool:
        """Whether the form comes back without the file that was chosen."""
        return bool(self.errors and self.files.get("icon"))


class CreateForm(MiniProgramForm):
    """A new mini program of one of the teams in which the user may create."""

    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.none(),
        empty_label=_("Choose a team"),
        help_text=_("The mini program and its code belong to this team."),
    )
    application = forms.ModelChoiceField(
        label=_("Ask for a binding"),
        queryset=HostApplication.objects.none(),
        required=False,
        empty_label=_("Later"),
        help_text=_("The application’s reviewers decide. They read the introduction as the reason."),
    )
    field_order = ("team",)

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["application"].queryset = HostApplication.objects.open_for_binding_by_any(teams)  # type: ignore[attr-defined]
        if len(teams) == 1:
            self.initial["team"] = teams[0].pk


class EditForm(RevisionForm, MiniProgramForm):
    """The descriptive fields, and the revision that the editor saw (L-3)."""

    compared = DESCRIPTIVE

    def __init__(self, data: QueryDict | None, files: MultiValueDict[str, Any] | None, *, program: MiniProgram) -> None:
        initial: dict[str, Any] = {name: getattr(program, name) for name in (*DESCRIPTIVE, "icon", "revision")}
        super().__init__(data, files, initial=initial)
        self.fields["icon"].help_text = _("Choose a file only to replace the icon. PNG, JPEG or WebP up to 1 MB.")


class BindingForm(RequestForm):
    """Which application to ask, and why (L-6)."""

    reason_help = _("The application's reviewers read it: what the mini program does and for whom.")
