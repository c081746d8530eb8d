"""A reviewer's decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.core.fields import WordsField
from console.base.core.moments import LastDayField
from console.base.hosts.models import SensitiveApi
from console.base.hosts.states import DecisionState
from devmgmt.actions import Ruling
from devmgmt.models import ApiPermission
from devmgmt.rules import why_not_until
from devmgmt.submissions import RULING
from releases.models import Version

APPROVE, REJECT, LATER, MARKED = "approve", "reject", "later", "marked"


class DecisionForm(forms.Form):
    """Approve or reject, with a note; that a rejection needs one is the verb's rule."""

    note = WordsField(
        label=_("Note to the developer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(
            attrs={
                "class": "form-control",
                "rows": 4,
                "data-key": "r",
                "placeholder": _("What must change, and where. Required to reject."),
            }
        ),
    )
    decision = forms.ChoiceField(choices=[(APPROVE, _("Approve")), (REJECT, _("Reject"))], widget=forms.HiddenInput)


NO_VERSION = "none"


class BindingDecisionForm(DecisionForm):
    """A decision on a binding; `seen` are the numbers of the versions that the page named as accepted."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, accepted: Sequence[Version]) -> None:
        self.accepted = " ".join(version.number for version in accepted) or NO_VERSION
        super().__init__(data, initial={"seen": self.accepted})

    def clean_seen(self) -> list[str] | None:
        """Return the numbers; None where the page did not say."""
        return self.cleaned_data["seen"].split() or None

    def show_conflict(self) -> None:
        """Take what is accepted now as seen: the answer names it, and a second approval means it."""
        self.data = {**self.data.dict(), "seen": self.accepted}  # type: ignore[attr-defined]


class UntilField(LastDayField):
    """The last day of a grant (D-10)."""

    def __init__(self) -> None:
        super().__init__(label=_("Granted until"), help_text=_("Leave blank for no end date."))

    def clean(self, value: Any) -> datetime | None:
        until = super().clean(value)
        if until and (why := why_not_until(until, at=timezone.now())):
            raise forms.ValidationError(why, code="invalid")
        return until


class GrantDecisionForm(DecisionForm):
    """A decision on a grant, which may end by itself."""

    until = UntilField()


class TogetherForm(GrantDecisionForm):
    """Decisions on several requests of one submission (D-3), with the button that was pressed.

    A mark on a request counts; the button decides on those without one, and `marked` leaves them waiting. `open` names
    the requests that were open on the page: what someone else has moved since is said beside it, and nothing is saved.
    """

    decision = forms.ChoiceField(
        choices=[(APPROVE, ""), (REJECT, ""), (MARKED, "")],
        widget=forms.HiddenInput,
        error_messages={"required": _("Approve or reject.")},
    )

    def __init__(self, *args: Any, permissions: Sequence[ApiPermission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = set(self.data.getlist("open")) if self.is_bound else set()  # type: ignore[attr-defined]
        self.on_page = [row for row in permissions if str(row.pk) in shown]
        self.permissions = permissions
        marks = [(APPROVE, _("Approve")), (REJECT, _("Reject")), (LATER, _("Later"))]
        for row in permissions:
            self.fields[f"{RULING}_{row.pk}"] = forms.ChoiceField(choices=marks, required=False, label=row.api)
            self.fields[f"note_{row.pk}"] = WordsField(
                label=_("Note on %(api)s") % {"api": row.api},
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "decision" not in data:
            return data
        data["rulings"] = [ruling for row in self.on_page if (ruling := self._ruling(row, data))]
        if not data["rulings"] and not self.errors:
            self.add_error(None, _("Choose a decision for at least one request."))
        return data

    def _ruling(self, row: ApiPermission, data: dict[str, Any]) -> Ruling | None:
        """Return what is decided on a request; None where it goes on waiting or can't be decided."""
        name = f"{RULING}_{row.pk}"
        if row.state != DecisionState.WAITING:
            words = gettext("Already done: this is now %(state)s.")
            self.add_error(name, words % {"state": row.get_state_display().lower()})
            return None
        mark = data.get(name) or data["decision"]
        if mark in (LATER, MARKED):
            return None
        note = data.get(f"note_{row.pk}") or data.get("note", "")
        if mark == REJECT and not note.strip():
            own = bool(data.get(name))
            words = gettext("A rejection needs a note. Say what must change.")
            if own or "note" not in self.errors:
                self.add_error(f"note_{row.pk}" if own else "note", words)
        return Ruling(row, approve=mark == APPROVE, note=note)

    def rows(
        self, apis: Mapping[str, SensitiveApi]
    ) -> list[tuple[ApiPermission, SensitiveApi | None, forms.BoundField, forms.BoundField]]:
        """Return each request with what the application's list says of its API, its mark and its note."""
        return [
            (row, apis.get(row.api), self[f"{RULING}_{row.pk}"], self[f"note_{row.pk}"]) for row in self.permissions
        ]


class SelectedForm(forms.Form):
    """Approve what `open` names of these requests, by item: “17,18”.

    What someone else has moved since is said, and nothing is saved. Renewals get an end, or none by a tick (D-10).
    """

    until = UntilField()
    endless = forms.BooleanField(label=_("No end date, including renewals"), required=False)

    def __init__(self, *args: Any, permissions: Sequence[ApiPermission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.permissions = permissions
        if any(row.replaces for row in permissions):
            self.fields["until"].help_text = _("For renewals, choose an end date or select the box below.")
        else:
            del self.fields["endless"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        shown = set(",".join(self.data.getlist("open")).split(","))  # type: ignore[attr-defined]
        data["chosen"] = [row for row in self.permissions if str(row.pk) in shown]
        for row in data["chosen"]:
            if row.state != DecisionState.WAITING:
                words = gettext("%(subject)s was already decided by someone else. It is now %(state)s.")
                self.add_error(None, words % {"subject": row.subject(), "state": row.get_state_display().lower()})
        if not data["chosen"]:
            self.add_error(None, _("Select at least one request."))
        renews = any(row.replaces for row in data["chosen"])
        if renews and "until" in data and bool(data["until"]) == data["endless"]:
            self.add_error(
                "until", _("Some of these are renewals. Choose an end date or select the box below, but not both.")
            )
        return data
