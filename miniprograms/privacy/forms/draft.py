"""The draft as it is typed: facts and texts side by side (S-1)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from console.base.activity.forms import Difference
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.fields import AddressField, LineField, WordsField
from miniprograms.privacy import rules
from miniprograms.privacy.forms.parties import LONGEST_LINE, MOST_PARTIES, PartyRow, put_rows, typed_rows
from miniprograms.privacy.models import LONGEST_TEXT, FoundData, PrivacyDraft, Statements
from miniprograms.privacy.states import DataType, Language

CONTACTS = ("contact_email", "contact_phone", "contact_other")
LINES = (*CONTACTS, "retention")
TEXTS = tuple(language.field for language in Language)


def _from_when() -> str:
    return " ".join(filter(None, [_("Today or later."), times.day_begins()]))


class DraftForm(forms.Form):
    """All that the draft states. `revision` and `seen` are what the editor saw, so that nobody's change is lost."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=1000)
    contact_email = AddressField(label=gettext_lazy("E-mail"), required=False, max_length=254)
    contact_phone = LineField(label=gettext_lazy("Phone"), required=False, max_length=40)
    contact_other = LineField(
        label=gettext_lazy("Other contact"),
        required=False,
        max_length=LONGEST_LINE,
        help_text=gettext_lazy("A postal address, or a place in the mini program."),
    )
    retention = LineField(
        label=gettext_lazy("Retention"),
        required=False,
        max_length=LONGEST_LINE,
        help_text=gettext_lazy("How long you keep data, such as “30 days after the last trip”."),
    )
    effective_on = forms.DateField(
        label=gettext_lazy("Effective from"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "max": "9999-12-31"}),
        help_text=lazy(_from_when, str)(),
    )
    text_en = WordsField(label=gettext_lazy("Text in English"), required=False, max_length=LONGEST_TEXT)
    text_zh = WordsField(label=gettext_lazy("Text in Chinese"), required=False, max_length=LONGEST_TEXT)
    edits: Sequence[ActivityEntry] = ()
    differences: Sequence[Difference] = ()

    def __init__(self, data: QueryDict | None, *, draft: PrivacyDraft, found: FoundData | None) -> None:
        self.draft, self.found = draft, found
        super().__init__(data, initial=_initial(draft))
        for data_type in DataType:
            self.fields[f"uses_{data_type.value}"] = forms.BooleanField(label=data_type.label, required=False)
            purpose = LineField(label=data_type.label, required=False, max_length=LONGEST_LINE)
            asked = _("Purpose: %(data)s") % {"data": data_type.label}
            purpose.widget.attrs |= {"placeholder": _("Purpose"), "aria-label": asked}
            self.fields[f"purpose_{data_type.value}"] = purpose
        for name in TEXTS:
            self.fields[name].widget = forms.Textarea(attrs={"rows": 16, "maxlength": LONGEST_TEXT})
        for name, shown in self.fields.items():
            look = "form-check-input" if name.startswith("uses_") else "form-control"
            shown.widget.attrs |= {"class": look, "autocomplete": "off"}
            shown.lack = ""  # type: ignore[attr-defined]
        if data is None and draft.pk:
            self._name_lacks()
        self.parties = typed_rows(data) if data is not None else [PartyRow(*row) for row in draft.third_parties]
        self.cleaned_parties: list[list[str]] = []

    def _name_lacks(self) -> None:
        """Say beside its field what a saved draft needs before it can be published."""
        for lack in rules.lacks(self.draft, today=times.platform_day()):
            for name in lack.fields:
                if name in self.fields:
                    self.fields[name].lack = _("Before publishing: %(what)s.") % {"what": lack.what}  # type: ignore[attr-defined]

    # What the page draws ---------------------------------------------------------------------------------------

    def data_rows(self) -> list[dict[str, Any]]:
        """Each type with its fields; those that the newest package uses come first, with what gives them."""
        used = self.found.data_types if self.found else []
        rows = []
        for data_type in sorted(DataType, key=lambda each: each.value not in used):
            apis = self.found.apis_of(data_type) if self.found else []
            boxes = {"uses": self[f"uses_{data_type.value}"], "purpose": self[f"purpose_{data_type.value}"]}
            rows.append({"type": data_type, "is_used": data_type.value in used, "apis": apis, **boxes})
        return rows

    def party_rows(self) -> list[PartyRow]:
        """The third parties, with an empty row when there is none."""
        return self.parties or [PartyRow()]

    def texts(self) -> list[tuple[Language, forms.BoundField]]:
        """Each language with its text."""
        return [(language, self[language.field]) for language in Language]

    def tab(self) -> Language:
        """The language whose text is shown: one with an error, the one chosen, or one that has a text.

        The reader's own comes first.
        """
        languages = sorted(Language, key=lambda language: language.value != get_language())
        wrong = [language for language in languages if self.is_bound and language.field in self.errors]
        chosen = [language for language in languages if self.data.get("tab") == language.tag]
        written = [language for language in languages if self[language.field].value()]
        return [*wrong, *chosen, *written, *languages][0]

    def stated(self) -> Statements:
        """What is typed, as far as it can be read, for the preview; a text also with what is wrong in it."""
        if not self.is_bound or self.errors is None:
            return self.draft
        return PrivacyDraft(
            **{name: self.cleaned_data.get(name) or "" for name in LINES},
            **{name: str(self[name].value() or "").replace("\r\n", "\n")[:LONGEST_TEXT] for name in TEXTS},
            data=self._data(),
            third_parties=self.cleaned_parties,
            effective_on=self.cleaned_data.get("effective_on"),
        )

    def move_rows(self, done: str, which: str) -> None:
        """Draw one row of third parties more ("add") or leave one out ("remove", its number)."""
        if done == "add" and len(self.parties) < MOST_PARTIES:
            self.parties = [*self.party_rows(), PartyRow()]
        elif done == "remove":
            self.parties = [row for number, row in enumerate(self.parties) if str(number) != which]

    # What was typed --------------------------------------------------------------------------------------------

    def clean_text_en(self) -> str:
        """Return the text; each placeholder that can't be filled is named."""
        return self._text("text_en")

    def clean_text_zh(self) -> str:
        """Return the text; each placeholder that can't be filled is named."""
        return self._text("text_zh")

    def _text(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        if problems := rules.problems_in(text):
            raise ValidationError(problems)
        return text

    def clean(self) -> dict[str, Any]:
        """Check the third parties. What is missing is no error: a draft may be unfinished, see `rules.lacks` (S-1)."""
        self._clean_parties()
        return self.cleaned_data

    def _clean_parties(self) -> None:
        if len(self.parties) > MOST_PARTIES:
            self.add_error(None, _("You can name at most %(most)d third parties.") % {"most": MOST_PARTIES})
        rows = [(row, row.clean()) for row in self.parties if not row.is_empty]
        self.cleaned_parties = [cleaned for row, cleaned in rows if not row.errors]
        if len(self.cleaned_parties) < len(rows):
            self.add_error(None, _("Some third parties have errors. See below each."))
        names = [name for name, *_rest in self.cleaned_parties if name]
        if len(set(names)) < len(names):
            self.add_error(None, _("Name each third party once."))

    def stated_data(self) -> dict[str, Any]:
        """What the verb saves, by the names of `Statements`."""
        plain = {name: self.cleaned_data[name] for name in (*LINES, "effective_on", *TEXTS)}
        return {**plain, "data": self._data(), "third_parties": self.cleaned_parties}

    def _data(self) -> list[list[str]]:
        return [
            [data_type, self.cleaned_data.get(f"purpose_{data_type}") or ""]
            for data_type in DataType.values
            if self.cleaned_data.get(f"uses_{data_type}")
        ]

    # Someone else was first ------------------------------------------------------------------------------------

    def show_conflict(self, current: PrivacyDraft, edits: Sequence[ActivityEntry]) -> None:
        """Set their draft beside mine and take on what is there now, so that a second save is a decision.

        What only the other one changed becomes theirs: saving would otherwise undo a change that the editor never
        saw. What both changed stays as the editor has it.
        """
        theirs, mine = _parts(current), _parts(PrivacyDraft(**self.stated_data()))
        seen = dict(zip(theirs, self.cleaned_data["seen"].split(), strict=False))
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict: the form was posted
        differences = []
        for name, there in theirs.items():
            own, before = mine[name], seen.get(name, "")
            if there == own or _print(there) == before:
                continue
            if taken := _print(own) == before:
                _take(data, name, current)
            shown = _lines_beside(there, own) if name in TEXTS else (there.removeprefix("+"), own.removeprefix("+"))
            differences.append(Difference(self._label(name), *shown, taken))
        data["revision"], data["seen"] = str(current.revision), _fingerprint(current)
        self.data, self.edits, self.differences = data, edits, differences
        self.parties = typed_rows(data)

    def _label(self, name: str) -> str:
        if name == "third_parties":
            return _("Third parties")
        return str(self.fields[f"purpose_{name}" if name in DataType.values else name].label)


def _initial(draft: PrivacyDraft) -> dict[str, Any]:
    plain = {name: getattr(draft, name) for name in (*LINES, "effective_on", *TEXTS, "revision")}
    used = {f"uses_{data_type}": True for data_type, _purpose in draft.data}
    purposes = {f"purpose_{data_type}": purpose for data_type, purpose in draft.data}
    return {**plain, **used, **purposes, "seen": _fingerprint(draft)}


def _parts(draft: PrivacyDraft) -> dict[str, str]:
    """Return each part of the form as a string, always the same parts; a type that is used starts with a +."""
    data = dict(draft.data)
    parts = {name: f"+{data[name]}" if name in data else "" for name in DataType.values}
    parts["third_parties"] = "\n".join(", ".join(filter(None, row)) for row in draft.third_parties)
    parts |= {name: getattr(draft, name) for name in (*LINES, *TEXTS)}
    parts["effective_on"] = draft.effective_on.isoformat() if draft.effective_on else ""
    return parts


def _fingerprint(draft: PrivacyDraft) -> str:
    """Return what distinguishes drafts, part by part."""
    return " ".join(_print(part) for part in _parts(draft).values())


def _print(part: str) -> str:
    return sha256(part.encode()).hexdigest()[:12]


def _take(data: Any, name: str, current: PrivacyDraft) -> None:
    """Put a part of the other draft into what was typed."""
    if name == "third_parties":
        put_rows(data, current.third_parties)
    elif name in DataType.values:
        purposes = dict(current.data)
        data[f"purpose_{name}"] = purposes.get(name, "")
        data.pop(f"uses_{name}", None)
        if name in purposes:
            data[f"uses_{name}"] = "on"
    elif name == "effective_on":
        data[name] = current.effective_on.isoformat() if current.effective_on else ""
    else:
        data[name] = getattr(current, name)


def _lines_beside(theirs: str, mine: str) -> tuple[str, str]:
    """Return the lines that only one of two texts has."""
    there, own = theirs.split("\n"), mine.split("\n")
    in_there, in_own = set(there), set(own)
    return "\n".join(line for line in there if line not in in_own), "\n".join(
        line for line in own if line not in in_there
    )
