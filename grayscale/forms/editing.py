"""Changing a task that is there (G-8), and the confirmations of its moves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.accounts.models import User
from console.base.activity.forms import Difference
from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.core import times
from console.base.core.fields import WordsField
from console.base.core.moments import TO_THE_MINUTE
from console.base.core.pages import NoteForm
from console.base.core.text import decimals, listed
from grayscale.conditions import CHOICES, FIXED, LISTED
from grayscale.forms.guardrail import GUARD
from grayscale.forms.task import FIXED_FIELDS, TaskForm, values_of
from grayscale.models import GrayscaleTask
from grayscale.presenters.reach import platform_words, ranged
from grayscale.states import Reason, TaskState

# What is compared when two people edit at once, and the fields that belong to it.
FACETS = ("name", "version", "starts_at", "ends_at", "user_limit", *FIXED, *GUARD)


class EditTaskForm(TaskForm):
    """Everything while pending; later only what G-8 leaves free, the rest is shown as text."""

    verb = gettext_lazy("Save")
    revision = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)  # what the form held when it was opened
    anyway = forms.BooleanField(
        label=gettext_lazy("Raise anyway. I know that the version is over its limit."), required=False
    )
    note = WordsField(
        label=gettext_lazy("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Any, files: Any, *, task: GrayscaleTask, by: User) -> None:
        self.task = task
        self.delivered = task.places_taken()
        if task.state_at(timezone.now()) != TaskState.PENDING:
            self.fixed = FIXED_FIELDS
        self.edits: list[ActivityEntry] = []
        self.differences: list[Difference] = []
        values = values_of(task)
        initial = {**values, "revision": task.revision}
        super().__init__(data, files, program=task.mini_program, by=by, initial=initial)
        self.initial["seen"] = self._sight(values)
        self.fields["anyway"].widget.attrs["class"] = "form-check-input"

    def fixed_applications(self) -> list[str]:
        """The applications that can't be changed any more, in words."""
        rows = self.task.applications.select_related("application")  # type: ignore[union-attr]
        return [ranged(str(row.application), row.lowest, row.highest) for row in rows]

    def fixed_platforms(self) -> str:
        """The platforms that can't be changed any more, in words."""
        rows = self.task.platforms.all()  # type: ignore[union-attr]
        return platform_words([(row.platform, row.lowest, row.highest) for row in rows])

    def clean_seen(self) -> dict[str, str]:
        """Return what the editor saw; nothing where somebody has tampered with it."""
        with suppress(ValueError, RecursionError):
            found = json.loads(self.cleaned_data["seen"])
            return found if isinstance(found, dict) else {}
        return {}

    def clean(self) -> dict[str, Any]:
        """Say so where the task has started since the form was opened: what it changed of the rest is not saved."""
        data = super().clean()
        if self.fixed and (left := self._left_out()):
            words = _(
                "The task started while you were editing. These can no longer change: %(fields)s. Save again to "
                "change the rest."
            )
            self.add_error(None, words % {"fields": listed(left)})
        return data

    def _left_out(self) -> list[str]:
        """Return the labels of what was changed and can't be any more; a form without these fields sends none."""
        if "version" not in self.data:
            return []
        values = values_of(self.task)  # type: ignore[arg-type]
        data: Any = self.data  # a QueryDict: the form was posted
        sent = {**data.dict(), **{name: data.getlist(name) for name in FIXED}}
        labels = {name: field.label for name, field in self.base_fields.items()}
        labels |= {one.of_task: str(one.label) for one in CHOICES}
        return [str(labels[facet]) for facet in self.fixed if _part(sent, facet) != _part(values, facet)]

    def show_conflict(self, current: GrayscaleTask, edits: ActivityQuerySet) -> None:
        """Set their values beside mine and take on the new revision, so that a second save is a decision (L-3).

        What only the other one changed becomes theirs: saving would otherwise undo a change that the editor never
        saw. What both changed stays as the editor has it.
        """
        missed = max(current.revision - max(self.cleaned_data["revision"], 0), 0)
        self.edits = list(edits[:missed])
        theirs, mine, seen = values_of(current), self._mine(), self.cleaned_data["seen"]
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict: the form was posted
        for facet in FACETS:
            their, own = _part(theirs, facet), _part(mine, facet)
            if facet in self.fixed or their in (own, seen.get(facet)):
                continue
            taken = own == seen.get(facet)
            if taken:
                self._take(data, facet, theirs)
            label = str(self.fields[facet].label)
            self.differences.append(Difference(label, self._words(facet, theirs), self._words(facet, mine), taken))
        data["revision"] = str(current.revision)
        self._take_lists(data, seen.get("object_lists"))
        data["seen"] = self._sight(theirs)
        self.data = self.objects.data = data

    def _sight(self, values: dict[str, Any]) -> str:
        """Return what the form shows of the task, to be compared when it comes back."""
        lists = " ".join(str(row.pk) for section in self.objects.sections for row in section.offered)
        return json.dumps({**{facet: _part(values, facet) for facet in FACETS}, "object_lists": lists})

    def _take_lists(self, data: Any, seen: Any) -> None:
        """Keep the object lists that the other one has added, which the editor had no box to tick for."""
        known = str(seen).split()
        added = []
        for section in self.objects.sections:
            for row in section.offered if section.removable else []:
                if str(row.pk) not in known:
                    section.kept_ids.add(row.pk)
                    data.appendlist(f"{section.name}_keep", str(row.pk))
                    data[section.use.html_name] = "on"
                    added.append(LISTED[row.kind].words(row.count))
        if added:
            self.differences.append(Difference(_("Objects"), "\n".join(added), "", taken=True))

    def _mine(self) -> dict[str, Any]:
        values = {name: self.cleaned_data.get(name) for name in self.fields}
        if "version" not in self.fixed:
            values["version"] = self.cleaned_data["version"].pk
            values["applications"] = [row.pk for row in self.cleaned_data["applications"]]
        return values

    def _take(self, data: Any, facet: str, theirs: dict[str, Any]) -> None:
        """Put their value into the form."""
        for name in self.fields:
            if name == facet or name.startswith(f"{facet}_"):
                value = theirs.get(name, "")
                value = "" if value is None else value
                if isinstance(value, list):
                    data.setlist(name, [str(each) for each in value])
                elif isinstance(value, datetime):
                    data[name] = timezone.localtime(value).strftime(TO_THE_MINUTE)
                    data[f"{name}_zone"] = timezone.get_current_timezone_name()
                else:
                    data[name] = value

    def _words(self, facet: str, values: dict[str, Any]) -> str:
        value = values.get(facet)
        if facet == "version":
            return next((str(version) for version in self.candidates if version.pk == value), "–")
        if isinstance(value, datetime):
            return times.exact(value)
        if choice := next((one for one in CHOICES if one.of_task == facet), None):
            return choice.words(value or [])
        if facet == "applications":
            names = {row.pk: row.name for row in self.bound}
            return "\n".join(ranged(names.get(pk, "–"), *_ends(values, facet, pk)) for pk in value or [])
        if facet == "platforms":
            return platform_words([(platform, *_ends(values, facet, platform)) for platform in value or []])
        if facet in GUARD and value is None:
            return "–"
        if isinstance(value, Decimal):
            return decimals(value)
        return f"{value:,}" if isinstance(value, int) else str(value)


def _ends(values: dict[str, Any], facet: str, value: Any) -> tuple[str, str]:
    return values.get(f"{facet}_{value}_lowest") or "", values.get(f"{facet}_{value}_highest") or ""


def _part(values: dict[str, Any], facet: str) -> str:
    """Return a value in a shape that compares, as the form shows it: minutes, lists in order, ranges with them."""
    value = values.get(facet)
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime(TO_THE_MINUTE)
    if isinstance(value, list):
        return json.dumps(sorted([str(each), *_ends(values, facet, each)] for each in value))
    return str(value)


class ResumeForm(NoteForm):
    """A note; of a task that its guardrail has suspended, an explicit confirmation and a reason (G-13)."""

    anyway = forms.BooleanField(label=gettext_lazy("Resume anyway. I know why the guardrail suspended it."))
    field_order = ("anyway", "note")

    def __init__(self, *args: Any, task: GrayscaleTask, **kwargs: Any) -> None:
        stopped = task.state_reason == Reason.GUARDRAIL
        super().__init__(*args, needed=stopped, **kwargs)
        if not stopped:
            del self.fields["anyway"]


class EndForm(NoteForm):
    """What becomes of the devices that run the version (G-6)."""

    KEEP, PULL_BACK = "keep", "pull_back"

    after = forms.ChoiceField(label=gettext_lazy("Devices on this version"), widget=forms.RadioSelect, initial=KEEP)
    field_order = ("after", "note")

    def __init__(
        self, *args: Any, task: GrayscaleTask, delivered: int, others: Sequence[GrayscaleTask], **kwargs: Any
    ) -> None:
        """`others`: the program's other tasks that deliver or are suspended, whose versions devices may get (G-7)."""
        super().__init__(*args, **kwargs)
        if not delivered:
            del self.fields["after"]
            return
        count = {"count": f"{delivered:,}", "number": task.version, "online": task.mini_program.online_number}
        keep = ngettext(
            "Keep: %(count)s device stays on %(number)s until the next release.",
            "Keep: %(count)s devices stay on %(number)s until the next release.",
            delivered,
        )
        pull_back = ngettext(
            "Pull back: %(count)s device returns to %(online)s at its next start.",
            "Pull back: %(count)s devices return to %(online)s at their next start.",
            delivered,
        )
        if others:
            versions = sorted({other.version for other in others}, key=attrgetter("parts"))
            count["others"] = listed(versions)
            pull_back = ngettext(
                "Pull back: %(count)s device returns to %(online)s at its next start, or gets the version of "
                "another task it is enrolled in or eligible for (%(others)s).",
                "Pull back: %(count)s devices return to %(online)s at their next start, or get the version of "
                "another task they are enrolled in or eligible for (%(others)s).",
                delivered,
            )
        field: Any = self.fields["after"]
        field.choices = [(self.KEEP, keep % count), (self.PULL_BACK, pull_back % count)]

    @property
    def pulls_back(self) -> bool:
        """Whether the devices shall return to the online version."""
        return bool(self.cleaned_data.get("after") == self.PULL_BACK)
