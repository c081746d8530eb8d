"""What happens to versions, for the activity log."""

from __future__ import annotations

from console.base.accounts.models import User
from console.base.activity.actions import record
from console.base.activity.verbs import Verb
from releases.models import Version


def write_entry(verb: Verb, version: Version, *, by: User, **entry: object) -> None:
    """Record an activity entry about the version."""
    program = version.mini_program
    record(
        verb,
        by=by,
        on=version,
        label=f"{program} {version}",
        team_id=program.team_id,
        mini_program_id=program.app_id,
        **entry,  # type: ignore[arg-type]
    )
