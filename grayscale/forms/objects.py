"""The object lists of a task's form: typed or uploaded, reported, imported when the user accepts (G-1, G-3, G-8)."""

from __future__ import annotations

import io
import re
from functools import cached_property
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console.base.accounts.models import User
from console.base.core.errors import ActionRefused
from console.base.core.uploads import UploadField
from grayscale import importing, rules
from grayscale.forms.report import Report, sentences
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.states import ObjectKind, TaskState
from grayscale.txt import fault_of, lines_of
from miniprograms.models import MiniProgram

MOST_TYPED = 100_000  # characters; more come as a txt file
TYPE, UPLOAD = "type", "upload"
MODES = [(TYPE, pgettext_lazy("by hand", "Type")), (UPLOAD, gettext_lazy("Upload txt"))]
EXAMPLES = {ObjectKind.GUID: "03021234567890123456789012345678"}


class Lines(forms.Textarea):
    """Takes up to MOST_TYPED characters; they are not counted below, as lines are what matters.

    No browser keeps them as a draft: they are ids of devices and people.
    """

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Without `maxlength`: what is pasted must not be cut."""
        attrs = super().build_attrs(base_attrs, extra_attrs)
        attrs.pop("maxlength", None)
        return attrs | {"data-not-kept": True}


class ObjectsForm(forms.Form):
    """A list of each kind to add, and the lists that a task has.

    `task` is edited: its lists may be removed while it is pending. `copy_of` is copied: its lists are offered.
    Nothing that a user typed is stored before `lists` is asked for.
    """

    prefix = "objects"

    def __init__(
        self,
        data: Any,
        files: Any,
        *,
        program: MiniProgram,
        user: User,
        task: GrayscaleTask | None = None,
        copy_of: GrayscaleTask | None = None,
    ) -> None:
        super().__init__(data, files)
        self.program, self.user, self.task = program, user, task
        self.copies = copy_of is not None
        source = copy_of or task
        offered = list(source.object_lists.defer("hashes")) if source else []
        removable = self.copies or task is None or task.state_at(timezone.now()) == TaskState.PENDING
        # Only of lists that stay can a value be dropped for being there already.
        self.adding_to = None if removable else task
        self.sections = [
            Section(self, kind, [row for row in offered if row.kind == kind], removable=removable)
            for kind in ObjectKind
        ]
        for section in self.sections:
            self.fields.update(section.fields())

    def clean(self) -> dict[str, Any]:
        """Read what is not read yet, and see that it is not too much together."""
        for section in self.sections:
            if section.used:
                section.clean()
        counts = [section.count for section in self.sections]
        if not self.errors and (reason := rules.why_not_values(sum(counts))):
            self.add_error(None, reason)
        return self.cleaned_data

    @property
    def closed(self) -> bool:
        """No kind can be added."""
        return all(section.impossible for section in self.sections)

    @property
    def why_not_add(self) -> str:
        """Why a kind can't be added, where one can't."""
        if not any(section.impossible for section in self.sections):
            return ""
        if self.closed:
            return _("The task has started without objects. They can’t be added now.")
        return _("The task has started. You can only add lists of the kinds it already has.")

    @property
    def chosen(self) -> list[ObjectList]:
        """The lists as they are now, without what was only typed: for previews; stores nothing."""
        return [row for section in self.sections if section.used for row in section.chosen]

    @cached_property
    def lists(self) -> list[ObjectList]:
        """The lists for the verb; what was typed becomes a draft, and so do copies. Only of a valid form."""
        found = []
        for section in self.sections:
            if section.used:
                kept = section.kept_rows
                found += [importing.copied(row, by=self.user) for row in kept] if self.copies else kept
                found += section.added()
        return found


class Section:
    """A kind of objects in the form: what the task has of it, and one list to add."""

    draft: ObjectList | None = None
    typed_count = 0

    def __init__(self, form: ObjectsForm, kind: ObjectKind, offered: list[ObjectList], *, removable: bool) -> None:
        self.form, self.kind = form, kind
        self.offered, self.removable = offered, removable

    def fields(self) -> dict[str, forms.Field]:
        """Return the form's fields of this kind."""
        label = str(self.kind.label)
        rows = {
            "class": "form-control font-monospace",
            "rows": 4,
            "spellcheck": "false",
            "placeholder": EXAMPLES.get(self.kind, ""),
        }
        return {
            f"{self.kind}_use": forms.BooleanField(label=label, required=False, initial=bool(self.offered)),
            f"{self.kind}_mode": forms.ChoiceField(label=label, required=False, choices=MODES, initial=TYPE),
            f"{self.kind}_typed": forms.CharField(
                label=label,
                required=False,
                strip=False,
                max_length=MOST_TYPED,
                widget=Lines(attrs=rows),
                error_messages={"max_length": _("Too many values to type. Upload them as a txt file.")},
            ),
            f"{self.kind}_file": UploadField(
                label=label,
                required=False,
                allow_empty_file=True,
                widget=forms.FileInput(attrs={"accept": ".txt,text/plain", "data-objects-file": str(self.kind)}),
            ),
        }

    # What the form holds ------------------------------------------------------------------------------------------

    def _field(self, part: str) -> BoundField:
        return self.form[f"{self.kind}_{part}"]

    @property
    def use(self) -> BoundField:
        """Whether the kind restricts the task."""
        return self._field("use")

    @property
    def typed(self) -> BoundField:
        """Values, one per line."""
        return self._field("typed")

    @property
    def file(self) -> BoundField:
        """A txt file."""
        return self._field("file")

    @property
    def name(self) -> str:
        """What the names of the inputs begin with."""
        return self.form.add_prefix(str(self.kind))

    @property
    def used(self) -> bool:
        """The kind is in the form; lists that can't be removed keep it there."""
        return bool(self.use.value()) if self.removable else bool(self.offered)

    @property
    def impossible(self) -> bool:
        """The task has started without this kind: a list of it would leave everyone else out (G-8)."""
        return not self.removable and not self.offered

    @property
    def modes(self) -> list[tuple[str, str, bool]]:
        """How to give the list: value, label, chosen."""
        chosen = self._field("mode").value()
        return [(mode, str(label), mode == chosen) for mode, label in MODES]

    @property
    def uploads(self) -> bool:
        """A file is given, not typed values."""
        return bool(self._field("mode").value() == UPLOAD)

    @cached_property
    def kept_ids(self) -> set[int]:
        """Which of the offered lists stay."""
        if not self.removable or not self.form.is_bound:
            return {row.pk for row in self.offered}
        named = set(self.form.data.getlist(f"{self.name}_keep"))  # type: ignore[attr-defined]  # a QueryDict
        return {row.pk for row in self.offered if str(row.pk) in named}

    @property
    def reports(self) -> list[Report]:
        """The offered lists in words."""
        return [Report(row) for row in self.offered]

    @property
    def kept_rows(self) -> list[ObjectList]:
        """The offered lists that stay."""
        return [row for row in self.offered if row.pk in self.kept_ids]

    @property
    def report(self) -> Report | None:
        """What was read, where a file was."""
        draft = self.draft or self.sent_draft
        return Report(draft, accepted=self.accepted) if draft and self.uploads else None

    @property
    def accepted(self) -> bool:
        """The user imports the valid lines of this very draft."""
        draft = self.draft or self.sent_draft
        return bool(draft and self.form.is_bound and self.form.data.get(f"{self.name}_accept") == str(draft.pk))

    @property
    def chosen(self) -> list[ObjectList]:
        """The lists that stay and the draft."""
        draft = (self.draft or self.sent_draft) if self.uploads else None
        return [*self.kept_rows, *([draft] if draft and draft.count else [])]

    @property
    def count(self) -> int:
        """How many values the kind has."""
        return sum(row.count for row in self.chosen) + self.typed_count if self.used else 0

    @cached_property
    def sent_draft(self) -> ObjectList | None:
        """The draft whose id the form carries: the user's own, of this program and kind."""
        pk = self.form.data.get(f"{self.name}_draft", "") if self.form.is_bound else ""
        if not re.fullmatch(r"[0-9]{1,18}", pk):
            return None
        drafts = ObjectList.objects.drafts().filter(
            pk=int(pk), mini_program=self.form.program, uploaded_by=self.form.user, kind=self.kind
        )
        return drafts.defer("hashes").first()

    # Checking -----------------------------------------------------------------------------------------------------

    def clean(self) -> None:
        """Add the errors of this kind to the form."""
        if self.uploads:
            self._clean_upload()
        else:
            self._clean_typed()

    def _refuse(self, part: str, message: str) -> None:
        self.form.add_error(f"{self.kind}_{part}", message)

    def _clean_typed(self) -> None:
        text = self.form.cleaned_data.get(f"{self.kind}_typed")
        if text is None:
            return
        lines = [line for lines in lines_of(io.BytesIO(text.encode(errors="replace")), "utf-8") for line in lines]
        fault = fault_of(self.kind)
        faults = [[number, line, found] for number, line in enumerate(lines, 1) if line and (found := fault(line))]
        self.typed_count = len({line for line in lines if line})
        if faults:
            self._refuse("typed", " ".join(sentences(faults, len(faults))))
        elif not self.typed_count and not self.kept_rows:
            self._refuse("typed", _("Enter at least one value, or remove this list."))

    def _clean_upload(self) -> None:
        if f"{self.kind}_file" in self.form.errors:
            return
        file = self.form.cleaned_data.get(f"{self.kind}_file")
        if file is not None:
            try:
                # A request brings no more than one file may have; the rest was dropped.
                files: list[Any] = list(self.form.files.values())
                importing.refuse_size(sum(one.size for one in files))
                facts: dict[str, Any] = {
                    "program": self.form.program,
                    "by": self.form.user,
                    "task": self.form.adding_to,
                }
                self.draft = importing.read_list(file, kind=str(self.kind), filename=file.name, **facts)
            except ActionRefused as refused:
                self._refuse("file", refused.message)
                return
        report = self.report
        if report is None:
            if self.form.data.get(f"{self.name}_draft"):
                self._refuse("file", _("The uploaded file is no longer available. Choose it again."))
            elif not self.kept_rows:
                self._refuse("file", _("Choose the txt file, or remove this list."))
        elif not report.row.count:
            self._refuse("file", _("No line in this file can be imported. Correct the file and choose it again."))
        elif report.undecided:
            self._refuse("file", report.decide)

    def added(self) -> list[ObjectList]:
        """Return the list to add, if there is one; typed values are stored now."""
        if self.uploads:
            draft = self.draft or self.sent_draft
            return [draft] if draft else []
        if not self.typed_count:
            return []
        text, form = self.form.cleaned_data[f"{self.kind}_typed"], self.form
        try:
            return [
                importing.read_list(text, program=form.program, kind=str(self.kind), by=form.user, task=form.adding_to)
            ]
        except ActionRefused:  # All of it is on the task's lists already.
            return []
