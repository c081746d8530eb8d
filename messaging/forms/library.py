"""Which keywords of a public template a mini program uses, in which order (M-2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from console.base.core.fields import WordsField
from messaging.localization import example_of, name_of
from messaging.models import PublicKeyword
from messaging.states import MOST_KEYWORDS, NOTE_LENGTH

PLACES = tuple(str(place + 1) for place in range(MOST_KEYWORDS))


class Row(NamedTuple):
    """A keyword of the public template as the form shows it; `place` is what stands in its field."""

    keyword: PublicKeyword
    name: str
    example: str
    chosen: bool
    place: str


class SelectForm(forms.Form):
    """Checkboxes in the order of the public template, each with a place (`place_4=2`); a script puts them in a list.

    Whoever leaves places empty gets the order of the public template. How many keywords there may be, the verb says.
    """

    numbers = forms.TypedMultipleChoiceField(
        label=_("Keywords"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("One of these keywords is no longer in the public template. Choose again.")
        },
    )
    note = WordsField(
        label=_("Use case"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
        help_text=_("Only your team sees this note."),
    )

    def __init__(self, data: QueryDict | None, *, keywords: Iterable[PublicKeyword]) -> None:
        super().__init__(data)
        self.keywords = list(keywords)
        self.fields["numbers"].choices = [(each.number, name_of(each)) for each in self.keywords]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put the chosen numbers in their order."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "numbers" in data:
            data["numbers"].sort(key=lambda number: self._place(number) or str(MOST_KEYWORDS + 1))
        return data

    @property
    def rows(self) -> list[Row]:
        """All keywords."""
        chosen = {str(number) for number in self["numbers"].value() or ()}
        return [
            Row(each, name_of(each), example_of(each), str(each.number) in chosen, self._place(each.number))
            for each in self.keywords
        ]

    @property
    def chosen(self) -> list[Row]:
        """Those that are chosen, in their order."""
        return sorted((row for row in self.rows if row.chosen), key=lambda row: row.place or str(MOST_KEYWORDS + 1))

    def _place(self, number: int) -> str:
        typed = str(self.data.get(f"place_{number}", ""))
        return typed if typed in PLACES else ""
