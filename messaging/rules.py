"""Why a move of subscription messages is refused, in words; "" when it may be done.

The verbs raise these sentences and the pages show them under the disabled button, so both always agree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core.outbox import retrying
from console.base.core.text import listed
from messaging.states import MOST_KEYWORDS, MOST_TEMPLATES, PUBLIC_SERVICES, PUSHES_PER_DAY, TemplateKind

# Templates --------------------------------------------------------------------------------------------------------


def why_not_add(live: int) -> str:
    """A program has so many templates at most; `live` is how many it has."""
    if live < MOST_TEMPLATES:
        return ""
    return _("The mini program already has %(most)d templates. Delete one first.") % {"most": MOST_TEMPLATES}


def why_not_keywords(numbers: Sequence[int], known: Collection[int]) -> str:
    """M-2: one to five keywords of the public template, each once."""
    if not numbers:
        return _("Choose at least one keyword.")
    if len(numbers) > MOST_KEYWORDS:
        return _("Choose at most %(most)d keywords.") % {"most": MOST_KEYWORDS}
    if len(set(numbers)) < len(numbers):
        return _("Choose each keyword once.")
    if not set(numbers) <= set(known):
        return _("One of these keywords is no longer in the public template. Choose again.")
    return ""


def same_keywords() -> str:
    """M-2: what two templates from one public template may not have."""
    return _("You already have a template with exactly these keywords. Choose others.")


# The public library -----------------------------------------------------------------------------------------------


def why_not_kind(kind: str, category: str) -> str:
    """Long-term templates are for public services only."""
    if kind == TemplateKind.LONG_TERM and category not in PUBLIC_SERVICES:
        return _("Long-term templates are for public services only: %(categories)s.") % {
            "categories": listed(each.label for each in PUBLIC_SERVICES)
        }
    return ""


def why_not_discard(title: str, selections: int) -> str:
    """A public template that was ever selected stays; `selections` counts deleted ones, too."""
    if not selections:
        return ""
    words = ngettext(
        "%(title)s was selected once and can’t be deleted. Clear “In library” to hide it.",
        "%(title)s was selected %(count)d times and can’t be deleted. Clear “In library” to hide it.",
        selections,
    )
    return words % {"title": title, "count": selections}


# Gateways ---------------------------------------------------------------------------------------------------------


def why_not_test(*, has_gateway: bool, has_secret: bool) -> str:
    """A test needs somewhere to go, and something to be signed with."""
    if not has_gateway:
        return _("Set a gateway address first.")
    return "" if has_secret else _("Generate a server secret first. Messages are signed with it.")


def why_not_replay_all(*, has_gateway: bool, has_failed: bool) -> str:
    """Failed messages need somewhere to go; those that can't be sent now do not count."""
    if not has_failed:
        return _("There is no failed message to send again.")
    return "" if has_gateway else _("There is no gateway yet. Set one first.")


def day_limit() -> str:
    """M-6, as the dialogs say it that send several failed messages again."""
    words = _("Users get at most %(most)d messages a day from a long-term template. The rest stay failed.")
    return words % {"most": PUSHES_PER_DAY}


# Delivery ---------------------------------------------------------------------------------------------------------


def expires_at(at: datetime) -> datetime:
    """Return when a message that is tried from `at` on counts as failed: after its last try (M-7)."""
    return retrying.expires_at(at, pauses=settings.MESSAGE_RETRY_SECONDS)
