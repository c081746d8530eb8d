"""Why a move is refused, in words; "" when it may be done."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core.text import listed
from console.base.hosts.models import HostApplication


def why_unbound(asked: Iterable[HostApplication]) -> str:
    """L-6: what a program without a bound application waits for; `asked` have not decided yet."""
    if names := listed(asked):
        return _("Waiting for %(applications)s to decide on the binding.") % {"applications": names}
    return _("No host app is bound. Request a binding first.")


def why_not_discard(category: str, programs: int) -> str:
    """A category that mini programs have stays; `programs` counts them."""
    if not programs:
        return ""
    words = ngettext(
        "%(count)d mini program uses %(category)s. Give it another category first.",
        "%(count)d mini programs use %(category)s. Give them another category first.",
        programs,
    )
    return words % {"count": programs, "category": category}
