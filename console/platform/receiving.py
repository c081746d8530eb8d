"""What is known of who receives messages and events: each may fail by itself, many together for a reason of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
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
from messaging.models import Gateway

NAMED = 3  # applications


def receivers(*, at: datetime) -> list[Service]:
    """Return what the tries up to the time `at` tell; nothing is sent. Raises DatabaseError."""
    gateways, webhooks = gateway_health.health(at=at), webhook_health.health(at=at)
    silent, idle = (gateway_health.paused(waited_for=waited_for) for waited_for in (True, False))
    facts, trouble = _of_gateways(gateways, silent, idle), _paused_gateways(gateways, silent, idle)
    return [
        _service("gateways", _("Message gateways"), "send", gateways, facts, trouble),
        _service("webhooks", _("Webhooks"), "webhook", webhooks, _of_webhooks(webhooks), _paused_webhooks(webhooks)),
    ]


def _service(key: str, name: str, icon: str, found: Health, facts: Iterator[str], trouble: Trouble | None) -> Service:
    said = tuple(facts) or (_("None yet"),)
    return Service(key, name, icon, said, trouble, is_known=found.counts["delivering"] > 0)


def _of_gateways(found: Health, silent: QuerySet[Gateway], idle: QuerySet[Gateway]) -> Iterator[str]:
    if known := sum(found.counts.values()):
        yield ngettext("%(count)d host app", "%(count)d host apps", known) % {"count": known}
    if found.counts["paused"]:
        yield from _not_responding(len(silent))
        if idle:
            words = ngettext(
                "%(count)d didn’t respond when last tried", "%(count)d didn’t respond when last tried", len(idle)
            )
            yield words % {"count": len(idle)}
    if found.since:
        yield _("messages waiting for them since %(time)s") % {"time": times.exact(found.since)}


def _of_webhooks(found: Health) -> Iterator[str]:
    if on := webhook_health.on(found):
        yield ngettext("%(count)d switched on", "%(count)d switched on", on) % {"count": on}
    yield from _not_responding(found.counts["paused"])
    if found.since:
        yield _("events waiting for them since %(time)s") % {"time": times.exact(found.since)}
    if off := found.counts["off_by_console"]:
        after = ngettext("%(count)d switched off after failures", "%(count)d switched off after failures", off)
        yield after % {"count": off}


def _not_responding(paused: int) -> Iterator[str]:
    if paused:
        yield ngettext("%(count)d not responding", "%(count)d not responding", paused) % {"count": paused}


def _paused_gateways(found: Health, silent: QuerySet[Gateway], idle: QuerySet[Gateway]) -> Trouble | None:
    """They are few, and behind each are all users of an application: one is worth a note."""
    if not found.counts["paused"]:
        return None
    if not silent:
        return _idle_gateways(idle)
    title = ngettext(
        "The gateway of %(names)s isn’t responding", "The gateways of %(names)s aren’t responding", len(silent)
    )
    mend = _(
        "Administrators of the host app see its last answer. If it works for others, check that workers can reach it: "
        "DNS, firewall, EGRESS_ALLOWED. Messages wait meanwhile, and expire."
    )
    said = in_words(most_common_failure(silent))
    return Trouble(title % {"names": _names(silent)}, mend, said=said, since=found.since, level=Level.NOTE)


def _idle_gateways(idle: QuerySet[Gateway]) -> Trouble | None:
    """What is known of those that are only tried again with their next message."""
    tried = max((gateway.last_failure_at for gateway in idle if gateway.last_failure_at), default=None)
    if tried is None:
        return None
    title = ngettext(
        "The gateway of %(names)s didn’t respond when last tried",
        "The gateways of %(names)s didn’t respond when last tried",
        len(idle),
    )
    mend = _(
        "Last tried %(time)s. No messages are waiting; it is tried again with the next one. Administrators of the "
        "host app see its last answer."
    )
    said = in_words(most_common_failure(idle))
    return Trouble(title % {"names": _names(idle)}, mend % {"time": times.exact(tried)}, said=said, level=Level.NOTE)


def _names(gateways: QuerySet[Gateway]) -> str:
    names = [gateway.application.name for gateway in gateways[:NAMED]]
    more = [_("%(count)d more") % {"count": len(gateways) - NAMED}] if len(gateways) > NAMED else []
    return all_of([*names, *more])


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
