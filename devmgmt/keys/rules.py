"""Why a move of a secret is refused, in words; "" when it may be done. Pages show the same words under the button."""

from __future__ import annotations

from django.utils.translation import gettext as _

from devmgmt.keys.models import AppSecret

NONE_YET = "none"


def state_of(current: AppSecret | None) -> str:
    """Return the state that pages show of a program: `none` before the first secret."""
    return current.state if current else NONE_YET


def why_not_generate(current: AppSecret | None) -> str:
    """K-2: once."""
    return _("There is already a secret. Reset it to get a new one.") if current else ""


def why_not_reset(current: AppSecret | None) -> str:
    """K-2: what there is, also while it is frozen."""
    return "" if current else _none_yet()


def why_not_freeze(current: AppSecret | None) -> str:
    """K-2: what works."""
    if current is None:
        return _none_yet()
    return _("The secret is already frozen.") if current.frozen_at else ""


def why_not_unfreeze(current: AppSecret | None) -> str:
    """K-2: what is frozen."""
    if current is None:
        return _none_yet()
    return "" if current.frozen_at else _("The secret isn’t frozen.")


def _none_yet() -> str:
    return _("There is no secret yet. Generate one first.")
