"""What an application can require installation proof for, in words (R-9)."""

from __future__ import annotations

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
        _("Anyone with the app's key can read and change the consents of any account."),
    ),
    Use(
        _("Update reports"),
        _("Reports without proof are refused."),
        _("Anyone with the app's key can send reports in a device's name."),
    ),
    Use(
        _("Logs"),
        _("Logs without proof are refused."),
        _("Anyone with the app's key can send logs in a device's name."),
    ),
)
WORDS: dict[str, Use] = dict(zip(PROOF_USES, _uses, strict=True))
