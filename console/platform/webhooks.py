"""What is known of the receivers of webhooks: each may fail by itself, many together may fail for a reason of ours."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.api.hooks.health import Health, health, most_common_failure
from console.base.core import times
from console.platform.services import Service
from console.platform.trouble import Level, Trouble


def receivers(*, at: datetime) -> Service:
    """Return what the tries up to the time `at` tell; nothing is sent. Raises DatabaseError."""
    found = health(at=at)
    facts = tuple(_in_words(found)) or (_("None yet"),)
    is_known = found.counts["delivering"] > 0
    return Service("webhooks", _("Webhooks"), "webhook", facts, _trouble(found), is_known=is_known)


def _in_words(found: Health) -> list[str]:
    words, counts = [], found.counts
    if found.on:
        words.append(ngettext("%(count)d switched on", "%(count)d switched on", found.on) % {"count": found.on})
    if paused := counts["paused"]:
        words.append(ngettext("%(count)d not responding", "%(count)d not responding", paused) % {"count": paused})
    if found.since:
        words.append(_("events waiting for them since %(time)s") % {"time": times.exact(found.since)})
    if off := counts["off_by_console"]:
        after = ngettext("%(count)d switched off after failures", "%(count)d switched off after failures", off)
        words.append(after % {"count": off})
    return words


def _trouble(found: Health) -> Trouble | None:
    if not found.is_common:
        return None
    title = _("%(count)d of %(all)d webhooks aren’t responding")
    mend = _(
        "If their receivers have nothing in common, check that workers can reach them: DNS, firewall, EGRESS_ALLOWED. "
        "Events wait for them meanwhile, and expire."
    )
    counted = {"count": found.counts["paused"], "all": found.on}
    return Trouble(title % counted, mend, said=most_common_failure(), since=found.since, level=Level.NOTE)
