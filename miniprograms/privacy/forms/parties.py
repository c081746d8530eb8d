"""The rows of third-party SDKs: name, purpose and link, as many as are needed (S-1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from console.base.core.fields import LineField, refuse_invisible

LONGEST_NAME = 60
LONGEST_LINE = 200
MOST_PARTIES = 30
COLUMNS = ("name", "purpose", "link")


class LinkField(forms.URLField):
    """A link of the web that is encrypted."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_LINE, assume_scheme="https", **options)

    def clean(self, value: Any) -> str:
        """Return the link; raises ValidationError for one that is not https."""
        link = str(super().clean(value) or "")
        refuse_invisible(link)
        if link and not link.startswith("https://"):
            raise ValidationError(_("A link starts with https://."))
        return link


@dataclass
class PartyRow:
    """A third party as it was typed, with what is wrong by column."""

    name: str = ""
    purpose: str = ""
    link: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name.strip() or self.purpose.strip() or self.link.strip())

    @property
    def is_unfinished(self) -> bool:
        """Whether something is missing that an agreement has to state; a draft need not."""
        return not self.is_empty and not (self.name.strip() and self.purpose.strip())

    def clean(self) -> list[str]:
        """Return [name, purpose, link]; what is wrong is in `errors`, and its place then empty."""
        fields: dict[str, forms.Field] = {
            "name": LineField(max_length=LONGEST_NAME, required=False),
            "purpose": LineField(max_length=LONGEST_LINE, required=False),
            "link": LinkField(required=False),
        }
        cleaned = []
        for column in COLUMNS:
            try:
                cleaned.append(str(fields[column].clean(getattr(self, column))))
            except ValidationError as error:
                self.errors[column] = list(error.messages)
                cleaned.append("")
        return cleaned


def typed_rows(data: QueryDict) -> list[PartyRow]:
    """Return the rows that were typed, at most one more than is allowed."""
    columns = [data.getlist(f"party_{column}") for column in COLUMNS]
    count = min(max(map(len, columns)), MOST_PARTIES + 1)
    padded = [[*column, *[""] * count][:count] for column in columns]
    return [PartyRow(*row) for row in zip(*padded, strict=True)]


def put_rows(data: QueryDict, rows: list[list[str]]) -> None:
    """Write rows into what was typed, in place of its own."""
    for number, column in enumerate(COLUMNS):
        data.setlist(f"party_{column}", [row[number] for row in rows])
