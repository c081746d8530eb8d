"""A form that two people may have open at the same time: nobody's change is lost silently (L-3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import models
from django.utils import translation
from django.utils.translation import gettext as _

from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet


@dataclass(frozen=True)
class Difference:
    """A field that someone else changed meanwhile; `taken`: the editor had not, and the form now has theirs."""

    label: str
    theirs: str
    mine: str
    taken: bool


class RevisionForm(forms.Form):
    """The fields named in `compared`, and the revision of the row that the editor saw; each edit raises it by one."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    compared: Sequence[str] = ()
    current: models.Model | None = None
    edits: Sequence[ActivityEntry] = ()
    differences: Sequence[Difference] = ()

    def show_conflict(self, current: Any, edits: ActivityQuerySet) -> None:
        """Set their values beside mine and take on the new revision, so that a second save is a decision.

        What the editor typed stays. A field that only the other one changed takes their value: saving
        would otherwise undo a change that the editor never saw. `edits` are all of the row, newest first.
        """
        missed = max(current.revision - max(self.cleaned_data["revision"], 0), 0)
        self.current, self.edits = current, list(edits[:missed])
        seen = (self.edits[-1].before or {}) if self.edits else {}
        data = dict(self.data.items())
        differences = []
        for name in self.compared:
            theirs, mine = getattr(current, name), self.cleaned_data[name]
            before = str(seen[name]) if name in seen else None
            if _logged(theirs) in (_logged(mine), before):
                continue
            taken = _logged(mine) == before
            if taken:
                data[name] = theirs.pk if isinstance(theirs, models.Model) else theirs
            differences.append(Difference(str(self.fields[name].label), _shown(theirs), _shown(mine), taken))
        data["revision"] = str(current.revision)
        self.data, self.differences = data, differences

    def icon_replaced(self) -> bool:
        """Whether someone else replaced the icon meanwhile."""
        return any("icon" in (edit.after or {}) for edit in self.edits)


def _logged(value: Any) -> str:
    """Return the value as the log keeps it: a category by its own name, in no reader's language."""
    with translation.override(None):
        return str(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)
