"""The verbs of the trial version (V-14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import Conflict, refuse_if
from miniprograms.actions import lock
from miniprograms.models import MiniProgram
from releases import events, rules
from releases.models import TrialVersion, Version


@transaction.atomic
def set_trial(
    program: MiniProgram,
    *,
    version: Version,
    page: str,
    query: str = "",
    seen: datetime | None = None,
    by: User,
    at: datetime | None = None,
) -> TrialVersion:
    """Choose what devices with the trial token get, and the page on which it opens (V-14).

    A change keeps the token: the code that testers have goes on working. Saving what is there already changes nothing.
    `seen` is when the trial version on the screen was set, None where there was none; raises Conflict when it is no
    longer that one, ActionRefused for a page that the package does not have or what is no query.
    """
    program = lock(program)
    trial = _trial_of(program)
    if (trial.set_at if trial else None) != seen:
        raise Conflict(_("Someone else changed the trial version meanwhile."))
    version = program.versions.select_related("package").get(pk=version.pk)
    refuse_if(rules.why_not_page(version, page), "page")
    refuse_if(rules.why_not_query(query), "query")
    before = _described(trial) if trial else None
    trial = trial or TrialVersion(mini_program=program)
    trial.version, trial.page, trial.query = version, page, query
    after = _described(trial)
    if before == after:
        return trial
    trial.set_by, trial.set_at = by, at or timezone.now()
    trial.save()
    version.mini_program = program
    emit(events.TrialSet(version, by=by, at=trial.set_at, before=before, after=after))
    return trial


@transaction.atomic
def cancel_trial(program: MiniProgram, *, by: User, reason: str = "", at: datetime | None = None) -> None:
    """End the trial: its token opens nothing any more, and a later trial has another. Raises Conflict without one."""
    program = lock(program)
    trial = _trial_of(program)
    if trial is None:
        raise Conflict(rules.why_not_cancel_trial(trial))
    version = trial.version
    version.mini_program = program
    before = _described(trial)
    trial.delete()
    emit(events.TrialCancelled(version, by=by, at=at, before=before, reason=reason))


def _trial_of(program: MiniProgram) -> TrialVersion | None:
    return TrialVersion.objects.filter(mini_program=program).select_related("version").first()


def _described(trial: TrialVersion) -> dict[str, Any]:
    """Return the entry for the log: never the token."""
    return {"version": trial.version.number, "page": trial.page, "query": trial.query}
