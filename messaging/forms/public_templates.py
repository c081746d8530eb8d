"""A public template and its keywords as operators keep them, in the console and in the admin (M-1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.base.core.fields import LineField, WordsField, say_what_to_choose
from messaging import values
from messaging.models import PublicKeyword, PublicTemplate
from messaging.states import MOST_PUBLIC_KEYWORDS, KeywordType

WORDS = ("name", "name_zh", "example", "example_zh")


class KeywordForm(forms.ModelForm):
    """A keyword whose examples fit its type; the type stays what it is, as it is part of what servers send."""

    options = WordsField(
        label=pgettext_lazy("of an enum", "Values"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 15}),
        help_text=_("For an enum: one value per line, in both languages."),
    )

    class Meta:
        model = PublicKeyword
        fields = ("kind", "name", "name_zh", "example", "example_zh", "options")
        labels = {
            "name": pgettext_lazy("in English", "Name"),
            "example": pgettext_lazy("in English", "Example"),
        }
        field_classes = dict.fromkeys(WORDS, LineField)
        widgets = {name: forms.TextInput(attrs={"size": 11}) for name in WORDS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["options"] = "\n".join(self.instance.options)
        self.fields["kind"].disabled = self.instance.pk is not None
        say_what_to_choose(self, kind=_("Choose a type"))

    def clean_options(self) -> list[str]:
        """Return the lines that are not empty, each once."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["options"].split("\n")]
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> dict[str, Any]:
        """Refuse examples that could never be sent, and an enum without values (M-5)."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        kind, options = data.get("kind", ""), data.get("options", [])
        if kind == KeywordType.ENUM and not options:
            self.add_error("options", gettext("An enum needs at least one value."))
            return data
        if kind != KeywordType.ENUM and options:
            self.add_error("options", gettext("Only an enum has values."))
        for name in WORDS[2:]:
            if kind and data.get(name) and (why := values.why_not(kind, data[name], options=options)):
                self.add_error(name, why)
        return data


class PublicTemplateForm(forms.ModelForm):
    """The template without its keywords; its number is given when it is saved first."""

    class Meta:
        model = PublicTemplate
        fields = ("title", "title_zh", "kind", "category", "is_listed")
        labels = {"title": pgettext_lazy("in English", "Title")}
        field_classes = {"title": LineField, "title_zh": LineField}
        help_texts = {
            "kind": _("Long-term templates are for public services only: one consent covers many messages."),
            "is_listed": _("Teams can select it. Templates that were selected before stay as they are."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_choose(self, kind=_("Choose a type"), category=_("Choose a category"))


class WhichField(forms.IntegerField):
    """Which saved keyword a row is; its instance is loaded with all others, where Django would ask for each anew."""

    widget = forms.HiddenInput

    def __init__(self, keyword: PublicKeyword) -> None:
        super().__init__(required=False, initial=keyword.pk)
        self.keyword = keyword

    def clean(self, value: Any) -> PublicKeyword:
        """Return the keyword; raises ValidationError for a saved one that is not there any more."""
        if super().clean(value) and self.keyword.pk is None:
            raise forms.ValidationError(gettext("Someone else removed this keyword. Remove it here, too."))
        return self.keyword


class BaseKeywordFormSet(BaseInlineFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        """Say which keyword the row is, and whether to remove it."""
        super().add_fields(form, index)
        form.fields["id"] = WhichField(form.instance)
        form.fields["DELETE"].label = _("Remove")


KeywordFormSet = inlineformset_factory(
    PublicTemplate,
    PublicKeyword,
    form=KeywordForm,
    formset=BaseKeywordFormSet,
    extra=2,
    min_num=1,
    validate_min=True,
    max_num=MOST_PUBLIC_KEYWORDS,
    validate_max=True,
)


class LibraryForm(PublicTemplateForm):
    """The template and its keywords on one page, which are valid together or not at all."""

    def __init__(self, data: QueryDict | None, *, instance: PublicTemplate) -> None:
        super().__init__(data, instance=instance)
        few = _("A template needs at least one keyword.")
        many = _("A template has at most %(most)d keywords.") % {"most": MOST_PUBLIC_KEYWORDS}
        words = {"too_few_forms": few, "too_many_forms": many}
        self.keywords = KeywordFormSet(data, instance=instance, prefix="keywords", error_messages=words)

    def clean(self) -> dict[str, Any]:
        """Refuse the template, too, when a keyword is wrong."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.keywords.is_valid():
            self.add_error(None, gettext("Correct the keywords below."))
        return cleaned
