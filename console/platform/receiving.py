"""What is known of who receives messages and events: each may fail by itself, many together for a reason of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.api.hooks import health as webhook_health
from console.base.core import times
from console.base.core.outbox.health import Health, most_common_failure
from console.base.core.outbox.reasons import in_words
from console.base.core.text import all_of
from console.platform.services import Service
from console.platform.trouble import Level, Trouble
from messaging import health as gateway_health

NAMED = 3  # applications


def receivers(*, at: datetime) -> list[Service]:
    """Return what the tries up to the time `at` tell; nothing is sent. Raises DatabaseError."""
    gateways, webhooks = gateway_health.health(at=at), webhook_health.health(at=at)
    return [
        _service(
            "gateways", _("Message gateways"), "send", gateways, _of_gateways(gateways), _paused_gateways(gateways)
        ),
        _service("webhooks", _("Webhooks"), "webhook", webhooks, _of_webhooks(webhooks), _paused_webhooks(webhooks)),
    ]


def _service(key: str, name: str, icon: str, found: Health, facts: Iterator[str], trouble: Trouble | None) -> Service:
    said = tuple(facts) or (_("None yet"),)
    return Service(key, name, icon, said, trouble, is_known=found.counts["delivering"] > 0)


def _of_gateways(found: Health) -> Iterator[str]:
    if known := sum(found.counts.values()):
        yield ngettext("%(count)d host app", "%(count)d host apps", known) % {"count": known}
    yield from _not_responding(found)
    if found.since:
        yield _("messages waiting for them since %(time)s") % {"time": times.exact(found.since)}


def _of_webhooks(found: Health) -> Iterator[str]:
    if on := webhook_health.on(found):
        yield ngettext("%(count)d switched on", "%(count)d switched on", on) % {"count": on}
    yield from _not_responding(found)
    if found.since:
        yield _("events waiting for them since %(time)s") % {"time": times.exact(found.since)}
    if off := found.counts["off_by_console"]:
        after = ngettext("%(count)d switched off after failures", "%(count)d switched off after failures", off)
        yield after % {"count": off}


def _not_responding(found: Health) -> Iterator[str]:
    if paused := found.counts["paused"]:
        yield ngettext("%(count)d not responding", "%(count)d not responding", paused) % {"count": paused}


def _paused_gateways(found: Health) -> Trouble | None:
    """They are few, and behind each are all users of an application: one is worth a note."""
    count = found.counts["paused"]
    if not count:
        return None
    names = [gateway.application.name for gateway in gateway_health.paused()[:NAMED]]
    more = [_("%(count)d more") % {"count": count - len(names)}] if count > len(names) else []
    title = ngettext("The gateway of %(names)s isn’t responding", "The gateways of %(names)s aren’t responding", count)
    mend = _(
        "Administrators of the host app see its last answer. If it works for others, check that workers can reach it: "
        "DNS, firewall, EGRESS_ALLOWED. Messages wait meanwhile, and expire."
    )
    said = in_words(most_common_failure(gateway_health.paused()))
    return Trouble(title % {"names": all_of([*names, *more])}, mend, said=said, since=found.since, level=Level.NOTE)


def _paused_webhooks(found: Health) -> Trouble | None:
    if not webhook_health.is_common(found):
        return None
    title = _("%(count)d of %(all)d webhooks aren’t responding")
    mend = _(
        "If their receivers have nothing in common, check that workers can reach them: DNS, firewall, EGRESS_ALLOWED. "
        "Events wait for them meanwhile, and expire."
    )
    counted = {"count": found.counts["paused"], "all": webhook_health.on(found)}
    said = in_words(most_common_failure(webhook_health.paused()))
    return Trouble(title % counted, mend, said=said, since=found.since, level=Level.NOTE)
