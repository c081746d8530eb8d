"""What people type about mini programs and bindings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Team
from console.base.activity.forms import RevisionForm
from console.base.core.fields import LineField, WordsField, say_what_to_choose
from console.base.core.images import IconField
from console.base.hosts.forms import RequestForm
from console.base.hosts.models import HostApplication
from miniprograms.actions import DESCRIPTIVE
from miniprograms.models import Category, IdeDownload, MiniProgram


class MiniProgramForm(forms.Form):
    """The descriptive fields (L-1)."""

    name = LineField(
        label=_("Name"), min_length=2, max_length=30, help_text=_("2 to 30 characters, unique in the team.")
    )
    icon = IconField(
        label=_("Icon"),
        required=False,
        help_text=_(
            "PNG, JPEG or WebP, up to 1 MB, cropped to a square. "
            "If you leave this blank, an icon is made from the name."
        ),
    )
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.all(), empty_label=_("Choose a category")
    )
    introduction = LineField(
        label=_("Introduction"),
        max_length=120,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One sentence. Users see it."),
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
        help_text=_("This team owns the mini program and its code."),
    )
    application = forms.ModelChoiceField(
        label=_("Request a binding"),
        queryset=HostApplication.objects.none(),
        required=False,
        empty_label=_("Not now"),
        help_text=_("The app’s reviewers decide. The introduction is sent as the reason."),
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
        self.fields["icon"].help_text = _("PNG, JPEG or WebP, up to 1 MB, cropped to a square.")


class BindingForm(RequestForm):
    """Which application to ask, and why (L-6)."""

    reason_help = _("For the app’s reviewers: what the mini program does and for whom.")


class CategoryForm(forms.ModelForm):
    """A category, in the console and in the admin."""

    class Meta:
        model = Category
        fields = ("name", "position")
        field_classes = {"name": LineField}
        help_texts = {
            "name": _("In English. Chinese is shown where a translation exists."),
            "position": _("Lowest number first, then by name."),
        }


class SecureUrlField(forms.URLField):
    """An address; one that is typed without a scheme is https."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"assume_scheme": "https", **options})


class IdeDownloadForm(forms.ModelForm):
    """One download of the IDE, in the console and in the admin (L-5)."""

    class Meta:
        model = IdeDownload
        fields = ("version", "platform", "requirement", "url", "size", "released_on", "notes")
        field_classes = {"version": LineField, "requirement": LineField, "url": SecureUrlField, "notes": WordsField}
        widgets = {
            "released_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "notes": forms.Textarea(attrs={"rows": 5}),
        }
        help_texts = {
            "requirement": _("For example: 13 or later"),
            "url": _("Developers download from this address. Must start with https://."),
            "size": _("Shown next to the download."),
            "notes": _("What’s new. Developers see it in the list of versions."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_choose(self, platform=_("Choose a system"))


class OrderForm(forms.Form):
    """The positions of those of the categories that are shown, each in a field of its own: `position_7`.

    Beside each goes the one that was shown: only what the person changed is a change.
    """

    def __init__(self, data: QueryDict | None, *, categories: Iterable[Category]) -> None:
        super().__init__(data)
        self.categories = [each for each in categories if data is None or f"position_{each.pk}" in data]
        for category in self.categories:
            field = Category._meta.get_field("position").formfield(initial=category.position)
            assert field is not None  # noqa: S101 - for the type checker
            label = _("Position of %(category)s") % {"category": category}
            field.widget.attrs |= {"form": "order", "class": "form-control position", "aria-label": label}
            field.show_hidden_initial = True
            field.hidden_widget = partial(forms.HiddenInput, attrs={"form": "order"})  # type: ignore[assignment]
            self.fields[f"position_{category.pk}"] = field

    def of(self, category: Category) -> forms.BoundField | None:
        """Return the category's field; None where it was not shown."""
        name = f"position_{category.pk}"
        return self[name] if name in self.fields else None

    @property
    def moved(self) -> list[Category]:
        """The categories whose position was changed, with the new one."""
        moved = [each for each in self.categories if f"position_{each.pk}" in self.changed_data]
        for category in moved:
            category.position = self.cleaned_data[f"position_{category.pk}"]
        return moved
