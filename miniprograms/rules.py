"""Why a move of what operators keep is refused, in words; "" when it may be done."""

from __future__ import annotations

from django.utils.translation import ngettext


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
