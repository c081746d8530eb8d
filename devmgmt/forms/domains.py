"""Server domains: the lists as they are typed, and the box that tests a URL (D-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.activity.forms import Difference
from console.base.activity.models import ActivityEntry
from devmgmt.matching import Allowed, Domain, Verdict, fingerprint, origin_of, read_list, verdict
from devmgmt.states import DomainType

LONGEST_URL = 2000


def own_host() -> str:
    """The host that devices and people reach the console by."""
    return urlsplit(settings.BASE_URL).hostname or ""


class DomainListField(forms.Field):
    """One host per line; each bad line is named (D-1)."""

    widget = forms.Textarea

    def __init__(self, kind: DomainType) -> None:
        super().__init__(required=False, label=kind.value)
        self.kind = kind

    def clean(self, value: Any) -> list[Domain]:
        """Return the hosts; raises ValidationError with a sentence for each bad line."""
        domains, problems = read_list(value or "", self.kind, own_host())
        if problems:
            raise forms.ValidationError([str(problem) for problem in problems])
        return domains


class DomainsForm(forms.Form):
    """All five lists, and the fingerprint of what the editor saw; nobody's change is lost silently."""

    seen = forms.CharField(widget=forms.HiddenInput)
    edits: Sequence[ActivityEntry] = ()
    differences: Sequence[Difference] = ()

    def __init__(self, data: QueryDict | None, *, current: Mapping[str, Sequence[Allowed]]) -> None:
        super().__init__(data, initial={"seen": fingerprint(current)})
        for kind in DomainType:
            field = self.fields[kind.value] = DomainListField(kind)
            self.initial[kind.value] = _as_lines(current[kind], kind)
            rows = str(self[kind.value].value() or "").count("\n") + 2
            looks = {"class": "form-control", "rows": min(max(rows, 3), 12)}
            field.widget.attrs |= {**looks, "spellcheck": "false", "autocomplete": "off"}

    def types(self) -> list[tuple[DomainType, forms.BoundField]]:
        """Each type with its field, for the page."""
        return [(kind, self[kind.value]) for kind in DomainType]

    def lists(self) -> dict[str, list[Domain]]:
        """The hosts of each type."""
        return {kind: self.cleaned_data[kind] for kind in DomainType.values}

    def show_conflict(self, current: Mapping[str, Sequence[Allowed]], edits: Sequence[ActivityEntry]) -> None:
        """Set their lists beside mine and take on what is there now, so that a second save is a decision.

        A list that only the other one changed becomes theirs: saving would otherwise undo a change that the editor
        never saw. What both changed stays as the editor has it.
        """
        theirs, mine = fingerprint(current).split(), fingerprint(self.lists()).split()
        seen = self.cleaned_data["seen"].split()
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict: the form was posted
        differences = []
        for number, kind in enumerate(DomainType):
            there = seen[number] if number < len(seen) else ""
            if theirs[number] in (mine[number], there):
                continue
            lines, own = _as_lines(current[kind], kind), _as_lines(self.cleaned_data[kind.value], kind)
            if taken := mine[number] == there:
                data[kind.value] = lines
            differences.append(Difference(kind.value, lines, own, taken))
        data["seen"] = fingerprint(current)
        self.data, self.edits, self.differences = data, edits, differences


def _as_lines(domains: Sequence[Allowed], kind: DomainType) -> str:
    return "\n".join(origin_of(domain, kind) for domain in domains)


class TesterForm(forms.Form):
    """A URL, and what opens it."""

    url = forms.CharField(label=gettext_lazy("URL in your code"), max_length=LONGEST_URL)
    kind = forms.ChoiceField(label=gettext_lazy("Type"), choices=DomainType.choices)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data if "url" in data else None, initial={"kind": DomainType.REQUEST})
        url: dict[str, Any] = {"class": "form-control", "placeholder": "https://api.example.com/path"}
        self.fields["url"].widget.attrs |= {**url, "spellcheck": "false", "autocomplete": "off"}
        self.fields["url"].error_messages["required"] = _("Enter a URL.")
        self.fields["kind"].widget.attrs["class"] = "form-select"

    def verdict(self, lists: Mapping[str, Sequence[Allowed]]) -> Verdict | None:
        """Whether the URL may be opened; None while there is none to judge."""
        if not self.is_bound or not self.is_valid():
            return None
        kind = DomainType(self.cleaned_data["kind"])
        return verdict(self.cleaned_data["url"], kind, lists[kind])
