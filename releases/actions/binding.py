"""Deciding a binding, with what its approval accepts (L-6, V-18)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.core.errors import Conflict
from miniprograms import actions
from miniprograms.models import Binding, MiniProgram
from releases.states import Accepted


@transaction.atomic
def decide_binding(
    binding: Binding,
    *,
    approve: bool,
    by: User,
    note: str = "",
    seen: Collection[str] | None = None,
    at: datetime | None = None,
) -> Binding:
    """Approve or reject, as `miniprograms.actions.decide_binding` does.

    Raises Conflict when an approval accepts a version whose number is not in `seen`; None takes whichever it accepts.
    """
    program = actions.lock(binding.mini_program)
    if approve and seen is not None:
        _check(program, seen)
    return actions.decide_binding(binding, approve=approve, by=by, note=note, at=at)


def _check(program: MiniProgram, seen: Collection[str]) -> None:
    """Raise Conflict for a version that an approval accepts and that is not in `seen`, once the program is locked."""
    accepted = program.versions.accepted_with_binding()
    unseen = next((version for version in accepted if version.number not in seen), None)
    if unseen is None:
        return
    words = {
        Accepted.ONLINE: _("%(number)s has gone online since you opened this. Check it again."),
        Accepted.AHEAD: _("%(number)s has passed its audit since you opened this. Check it again."),
        Accepted.EARLIER: _("%(number)s can go online after a roll back. Check it, too."),
    }
    raise Conflict(words[unseen.accepted_as] % {"number": unseen})  # type: ignore[attr-defined]  # annotated
