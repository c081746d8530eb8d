"""What an application can require installation proof for, in words (R-9)."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.hosts.models import PROOF_USES


class Use(NamedTuple):
    """A use's label, what happens to a device without proof once it is required, and what may happen until then."""

    label: str | Promise
    required: str | Promise
    otherwise: str | Promise


_uses = (
    Use(
        _("New places in grayscale tasks"),
        _("A device without proof gets the online version. Enrolled devices keep their places."),
        _("Fake devices can take places, up to the limits below."),
    ),
    Use(
        _("Message subscriptions"),
        _("Only the account named in the proof can be read or changed."),
        _("Anyone with the app’s key can read and change the consents of any account."),
    ),
    Use(
        _("Update reports"),
        _("Reports without proof are refused."),
        _("Anyone with the app’s key can send reports in a device’s name."),
    ),
    Use(
        _("Logs"),
        _("Logs without proof are refused."),
        _("Anyone with the app’s key can send logs in a device’s name."),
    ),
)
WORDS: dict[str, Use] = dict(zip(PROOF_USES, _uses, strict=True))

_PLAIN_RATE = re.compile(r"\s*([0-9]+)\s*(?:/|per)\s*(second|minute|hour|day)s?\s*", re.IGNORECASE)
_PER: dict[str, str | Promise] = {
    "second": _("%(count)s per second"),
    "minute": _("%(count)s per minute"),
    "hour": _("%(count)s per hour"),
    "day": _("%(count)s per day"),
}


def limit_words(rate: str) -> str:
    """Return a rate as people read it: “3,000 per minute” for "3000/minute"; as it is set where it has odd units."""
    found = _PLAIN_RATE.fullmatch(rate)
    return str(_PER[found[2].lower()]) % {"count": f"{int(found[1]):,}"} if found else rate
