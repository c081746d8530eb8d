"""The settings of a grayscale task, in the order of G-1; what of them can be changed later (G-8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.accounts.models import User
from console.base.core import times
from console.base.core.fields import LineField
from console.base.core.text import all_of, sentences
from console.base.hosts.models import HostApplication
from grayscale import rules
from grayscale.actions import TaskSettings, settings_of
from grayscale.conditions import APPLICATION, CHOICES, FIXED, PLATFORM, Choice
from grayscale.forms.fields import CountField, RangeEndField, WindowField
from grayscale.forms.guardrail import GUARD, GuardrailForm
from grayscale.forms.objects import ObjectsForm
from grayscale.models import GrayscaleTask, ObjectList
from miniprograms.models import MiniProgram
from releases.field.states import Platform
from releases.models import Version

USUAL_LENGTH = timedelta(days=7)
USUAL_LIMIT = 1000
ICONS = {Platform.ANDROID: "brand-android", Platform.IOS: "brand-apple"}
FIXED_FIELDS = ("version", "starts_at", *FIXED)  # once the task has started (G-8)


@dataclass(frozen=True)
class RangeRow:
    """An application or platform to choose, with its range. `key` starts the names of its two fields."""

    name: str
    value: str
    label: str
    chosen: bool
    lowest: BoundField
    highest: BoundField
    application: HostApplication | None = None
    icon: str = ""

    @property
    def id(self) -> str:
        """Of the checkbox."""
        return f"id_{self.name}_{self.value}"

    @property
    def errors(self) -> list[str]:
        """What is wrong with either end."""
        return [*self.lowest.errors, *self.highest.errors]


@dataclass(frozen=True)
class ChoiceRow:
    """A condition of a few values: its boxes as (value, label, ticked), or its words once it can't change."""

    condition: Choice
    boxes: Sequence[tuple[str, str, bool]] = ()
    errors: Sequence[str] = ()
    fixed: str = ""


class TaskForm(GuardrailForm):
    """A new task of `program`."""

    version = forms.ModelChoiceField(
        label=gettext_lazy("Grayscale version"), queryset=Version.objects.none(), empty_label=None
    )
    name = LineField(label=gettext_lazy("Task name"), error_messages={"required": gettext_lazy("Enter a task name.")})
    starts_at = WindowField(label=gettext_lazy("Start"))
    ends_at = WindowField(label=gettext_lazy("End"))
    user_limit = CountField(label=gettext_lazy("Number of users"))
    applications = forms.ModelMultipleChoiceField(
        label=APPLICATION.all_label,
        queryset=HostApplication.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose at least one host app."),
            "invalid_choice": gettext_lazy("Choose from the host apps bound to this mini program."),
            "invalid_pk_value": gettext_lazy("Choose from the host apps bound to this mini program."),
        },
    )
    platforms = forms.MultipleChoiceField(label=PLATFORM.all_label, choices=Platform.choices, required=False)
    field_order = ("version", "name", "starts_at", "ends_at", "user_limit", *FIXED)
    verb = gettext_lazy("Create task")
    fixed: Sequence[str] = ()
    task: GrayscaleTask | None = None
    delivered = 0

    def __init__(
        self,
        data: Any,
        files: Any,
        *,
        program: MiniProgram,
        by: User,
        initial: Mapping[str, Any] | None = None,
        copy_of: GrayscaleTask | None = None,
    ) -> None:
        self.program, self.by = program, by
        self.online = program.versions.online().first()
        self.bound = list(program.bindings.bound().applications())
        super().__init__(data, files, initial={**self.usual(), **(initial or {})})
        self.objects = ObjectsForm(data, files, program=program, user=by, task=self.task, copy_of=copy_of)
        self.fields |= {one.of_task: _ticked(one) for one in CHOICES}
        self.order_fields(self.field_order)
        self._offer_versions()
        self.fields["applications"].queryset = program.bindings.bound().applications()  # type: ignore[attr-defined]
        for name in ("starts_at", "ends_at"):
            self.fields[name].kept = getattr(self.task, name, None)  # type: ignore[attr-defined]
        for name in self.fixed:
            del self.fields[name]
        for name, value, label in self._ranges():
            names = {"name": label}
            self.fields[f"{name}_{value}_lowest"] = RangeEndField(
                word=gettext_lazy("lowest"), label=_("%(name)s, lowest version") % names
            )
            self.fields[f"{name}_{value}_highest"] = RangeEndField(
                word=gettext_lazy("highest"), label=_("%(name)s, highest version") % names
            )
        self._dress()

    def usual(self) -> dict[str, Any]:
        """What the form starts with."""
        now = timezone.now().replace(second=0, microsecond=0)
        return {
            "starts_at": now,
            "ends_at": now + USUAL_LENGTH,
            "user_limit": USUAL_LIMIT,
            "platforms": Platform.values,
            "applications": [application.pk for application in self.bound[:1]] if len(self.bound) == 1 else [],
        }

    def _dress(self) -> None:
        """Give Django's widgets Tabler's look."""
        for field in self.fields.values():
            kind = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            if not field.widget.is_hidden:
                field.widget.attrs["class"] = kind

    def _offer_versions(self) -> None:
        """Offer what may be tried; another version of the program is refused with its own reason (G-1)."""
        versions = self.program.versions
        self.candidates = list(versions.ahead().prefetch_related("audits"))
        field: Any = self.fields["version"]
        field.queryset = versions.all()
        field.widget.choices = [(version.pk, self._version_words(version)) for version in self.candidates]
        if self.candidates:
            self.initial.setdefault("version", self.candidates[0].pk)

    def _version_words(self, version: Version) -> str:
        audit = max(version.audits.all(), key=lambda audit: audit.pk, default=None)
        facts = [_("approved %(day)s") % {"day": times.day(audit.closed_at)}] if audit and audit.closed_at else []
        if version.notes:
            note = version.notes.split("\n")[0]
            facts.append(note if len(note) <= 60 else f"{note[:59]}…")
        return f"{version} — {' · '.join(facts)}" if facts else str(version)

    def version_help(self) -> str:
        """Which versions are offered, and what may come."""
        words = _("Only approved versions above %(online)s that were never online.") % {
            "online": self.program.online_number
        }
        versions = self.program.versions
        if versions.in_audit().overtaking(versions.online()).exists():
            words = sentences(words, _("%(number)s is still in audit.") % {"number": self.program.in_audit_number})
        return words

    # Rows with ranges ---------------------------------------------------------------------------------------------

    def _ranges(self) -> Iterator[tuple[str, str, str]]:
        """Yield (field, value, label) of everything that has a range."""
        if "applications" in self.fields:
            yield from (("applications", str(row.pk), row.name) for row in self.bound)
        if "platforms" in self.fields:
            yield from (("platforms", str(value), str(label)) for value, label in Platform.choices)

    def application_rows(self) -> list[RangeRow]:
        """The bound applications, each with its range of versions."""
        return [self._row("applications", str(row.pk), row.name, application=row) for row in self.bound]

    def unbound_words(self) -> str:
        """Say which applications of the task, or of the one that is copied, are not bound any more."""
        bound = {row.pk for row in self.bound}
        gone = [pk for pk in self.initial["applications"] if pk not in bound]
        if self.fixed or not gone:
            return ""
        names = [str(application) for application in HostApplication.objects.filter(pk__in=gone).order_by("pk")]
        words = ngettext(
            "%(names)s is no longer bound and will be removed when you save.",
            "%(names)s are no longer bound and will be removed when you save.",
            len(names),
        )
        return words % {"names": all_of(names)}

    def platform_rows(self) -> list[RangeRow]:
        """The platforms, each with its range of system versions."""
        return [self._row("platforms", p.value, str(p.label), icon=ICONS[p]) for p in Platform]

    def _row(self, name: str, value: str, label: str, **look: Any) -> RangeRow:
        chosen = value in {str(item) for item in self[name].value() or []}
        low, high = self[f"{name}_{value}_lowest"], self[f"{name}_{value}_highest"]
        return RangeRow(name, value, label, chosen, low, high, **look)

    def choice_rows(self) -> list[ChoiceRow]:
        """The conditions of a few values."""
        return [self._choice_row(one) for one in CHOICES]

    def _choice_row(self, one: Choice) -> ChoiceRow:
        if one.of_task in self.fixed:
            return ChoiceRow(one, fixed=one.words(getattr(self.task, one.of_task)) or str(one.any))
        ticked = self.ticked(one)
        boxes = [(value, str(label), value in ticked) for value, label in one.options.choices]
        return ChoiceRow(one, boxes, [str(error) for error in self[one.of_task].errors])

    def ticked(self, one: Choice) -> list[str]:
        """The values of the condition that are ticked."""
        return one.ordered(self[one.of_task].value() or [])

    # What was typed -----------------------------------------------------------------------------------------------

    def clean_version(self) -> Version:
        """G-1: a version that may be tried."""
        version: Version = self.cleaned_data["version"]
        if reason := rules.why_not_version(self.program, version, online=self.online):
            raise ValidationError(reason)
        return version

    def clean_name(self) -> str:
        """G-1: at most 20 words."""
        name: str = self.cleaned_data["name"]
        if reason := rules.why_not_name(name):
            raise ValidationError(reason)
        return name

    def clean_user_limit(self) -> int:
        """G-1, G-8: a number of users that is possible."""
        limit: int = self.cleaned_data["user_limit"]
        if reason := rules.why_not_limit(limit, delivered=self.delivered):
            raise ValidationError(reason)
        return limit

    def clean(self) -> dict[str, Any]:
        """The window, and the ranges of what is chosen; those of other rows are not looked at."""
        data = super().clean() or self.cleaned_data
        starts_at = data.get("starts_at") or (self.task.starts_at if self.task and "starts_at" in self.fixed else None)
        ends_at = data.get("ends_at")
        if starts_at and ends_at and (reason := rules.why_not_window(starts_at, ends_at, at=timezone.now())):
            self.add_error("ends_at", reason)
        for name, value, _label in self._ranges():
            self._check_range(name, value, data)
        if not self.objects.is_valid():
            reasons = [str(reason) for errors in self.objects.errors.values() for reason in errors]
            for words in dict.fromkeys(reasons):
                self.add_error(None, _("Objects: %(reason)s") % {"reason": words})
        return data

    def _check_range(self, name: str, value: str, data: dict[str, Any]) -> None:
        low, high = f"{name}_{value}_lowest", f"{name}_{value}_highest"
        if value not in {str(item) for item in self[name].value() or []}:
            for end in (low, high):
                self.errors.pop(end, None)
            return
        if low in data and high in data and (reason := rules.why_not_range(data[low], data[high])):
            self.add_error(high, reason)

    def chosen_lists(self) -> list[ObjectList]:
        """The object lists that the form has now, drafts and those of the task; stores nothing."""
        return self.objects.chosen

    @property
    def blocked(self) -> str:
        """Why the form can't be sent yet: lines of a txt that nobody has decided about (G-3)."""
        return next(iter(self._undecided().values()), "")

    @property
    def undecided(self) -> frozenset[str]:
        """The kinds of objects that wait for that decision."""
        return frozenset(self._undecided())

    def _undecided(self) -> dict[str, str]:
        reports = {str(section.kind): section.report for section in self.objects.sections if section.used}
        return {
            kind: report.decide for kind, report in reports.items() if report and report.undecided and report.row.count
        }

    def settings(self) -> TaskSettings:
        """What was chosen, for the verb; what is fixed stays as it is."""
        data = self.cleaned_data
        free = {name: data[name] for name in ("name", "ends_at", "user_limit")}
        free |= {"object_lists": self.objects.lists, "guardrail": self.guardrail()}
        if self.task and self.fixed:
            return replace(settings_of(self.task), **free)
        return TaskSettings(
            version=data["version"],
            starts_at=data["starts_at"],
            applications=[(row, *self.range_of("applications", row.pk)) for row in data["applications"]],
            platforms=[(platform, *self.range_of("platforms", platform)) for platform in data["platforms"]],
            **{one.of_task: data[one.of_task] for one in CHOICES},
            **free,
        )

    def range_of(self, name: str, value: Any) -> tuple[str, str]:
        """Return the lowest and highest version of a row."""
        data = self.cleaned_data
        return data.get(f"{name}_{value}_lowest") or "", data.get(f"{name}_{value}_highest") or ""


def _ticked(one: Choice) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=one.label, choices=one.options.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


def values_of(task: GrayscaleTask) -> dict[str, Any]:
    """Return what the fields hold for a task."""
    values: dict[str, Any] = {
        "version": task.version_id,
        "name": task.name,
        "starts_at": task.starts_at,
        "ends_at": task.ends_at,
        "user_limit": task.user_limit,
        "applications": [row.application_id for row in task.applications.all()],
        "platforms": [row.platform for row in task.platforms.all()],
        **{one.of_task: getattr(task, one.of_task) for one in CHOICES},
        **{name: getattr(task, name) for name in GUARD},
    }
    ranges = [("applications", row.application_id, row) for row in task.applications.all()]
    ranges += [("platforms", row.platform, row) for row in task.platforms.all()]  # type: ignore[misc]
    for name, value, row in ranges:
        values |= {f"{name}_{value}_lowest": row.lowest, f"{name}_{value}_highest": row.highest}
    return values


def values_for_copy(task: GrayscaleTask) -> dict[str, Any]:
    """Return what a copy starts with: the same conditions for the same length from now on (G-8).

    The version stays where it may still be tried.
    """
    values = values_of(task)
    now = timezone.now().replace(second=0, microsecond=0)
    values |= {"starts_at": now, "ends_at": now + (task.ends_at - task.starts_at)}
    candidates = task.mini_program.versions.ahead()
    if not candidates.filter(pk=task.version_id).exists():
        del values["version"]
    return values
