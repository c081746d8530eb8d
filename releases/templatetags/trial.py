"""What the pages of versions show about the trial version (V-14)."""

from __future__ import annotations

from django import template

from console.base.accounts.permissions import Permission, lacking
from miniprograms.models import MiniProgram
from releases import rules
from releases.models import TrialVersion, Version

register = template.Library()


@register.simple_tag
def trial_of(program: MiniProgram) -> TrialVersion | None:
    """Return the program's trial version; one query."""
    return TrialVersion.objects.filter(mini_program=program).select_related("version", "set_by").first()


@register.simple_tag
def why_not_use_as_trial(version: Version, trial: TrialVersion | None) -> str:
    """Return why the user can't put this version on trial; "" when they can."""
    may_not = lacking(version.mini_program.held, Permission.UPLOAD)
    return may_not or rules.why_not_use_as_trial(version, trial)
