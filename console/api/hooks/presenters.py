"""Webhooks and deliveries as pages show them."""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page
from django.db import connection
from django.utils.translation import gettext as _

from console.api.hooks import telling
from console.api.hooks.models import Delivery, Webhook
from console.base.accounts.models import User
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission, lacking
from console.base.accounts.presenters import TeamCard, team_cards
from console.base.activity import payloads
from console.base.core.outbox.reasons import in_words
from console.base.core.text import percentage, visible, visible_lines
from console.base.hosts.models import HostApplication

IN_PART = 6  # deliveries on pages of others
SOON = timedelta(seconds=10)
SLOTS, SLOT = 21, timedelta(hours=8)  # seven days
# What was tried and did not arrive counts as not delivered, though it may yet be; a try that a worker is at is open.
FIGURES = """
SELECT webhook_id, floor(extract(epoch FROM created_at - %(since)s) / %(slot)s)::int,
    count(*) FILTER (WHERE state = 'delivered'),
    count(*) FILTER (WHERE state = 'failed' OR state = 'waiting' AND tries > (lease IS NOT NULL)::int)
FROM webhooks_delivery WHERE webhook_id = ANY (%(webhooks)s) AND created_at >= %(since)s GROUP BY 1, 2
"""


@dataclass
class Row:
    """A webhook, and how it did in the last seven days: `bars` by eight hours, each good, mixed, bad or none."""

    webhook: Webhook
    bars: list[str]
    delivered: int = 0
    missed: int = 0

    @property
    def total(self) -> int:
        """How many there were."""
        return self.delivered + self.missed

    @property
    def rate(self) -> str:
        """“94.2 %”; never 100 % while one is missing."""
        if not self.total:
            return ""
        share = int(1000 * self.delivered / self.total) / 10
        return percentage(f"{share:g}")


def rows_of(webhooks: Iterable[Webhook], *, at: datetime) -> list[Row]:
    """Return webhooks with their figures; one query for all."""
    found = list(webhooks)
    since = at - SLOTS * SLOT
    counts: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    if found:
        values: dict[str, Any] = {"webhooks": [each.pk for each in found], "since": since, "slot": SLOT.total_seconds()}
        with connection.cursor() as cursor:
            cursor.execute(FIGURES, values)
            for webhook, slot, delivered, missed in cursor.fetchall():
                counts[webhook][min(slot, SLOTS - 1)] = (delivered, missed)
    return [_row(webhook, counts[webhook.pk]) for webhook in found]


def webhook_cards(user: User, *, at: datetime) -> list[TeamCard]:
    """Return the teams with webhooks, or where the user may make some, those first."""
    by_team: dict[int, list[Row]] = defaultdict(list)
    webhooks = Webhook.objects.of_teams_for(user, Permission.VIEW).listed().select_related("mini_program")
    for row in rows_of(webhooks, at=at):
        by_team[row.webhook.team_id or 0].append(row)
    return team_cards(user, by_team)


def application_rows(application: HostApplication, *, at: datetime) -> list[Row]:
    """Return the webhooks of a host app."""
    webhooks = list(application.webhooks.listed())
    for webhook in webhooks:
        webhook.application = application
    return rows_of(webhooks, at=at)


def _row(webhook: Webhook, counts: dict[int, tuple[int, int]]) -> Row:
    bars = []
    for slot in range(SLOTS):
        delivered, missed = counts.get(slot, (0, 0))
        bars.append("none" if not delivered + missed else "good" if not missed else "mixed" if delivered else "bad")
    return Row(webhook, bars, *(sum(pair[place] for pair in counts.values()) for place in (0, 1)))


@dataclass(frozen=True)
class Shown:
    """A delivery in the list; `part_url` answers with as much of the list as is shown."""

    delivery: Delivery
    is_chosen: bool
    url: str
    part_url: str
    now: datetime

    @property
    def is_due(self) -> bool:
        """Whether it is sent about now."""
        return _is_due(self.delivery, at=self.now)

    @property
    def label(self) -> str:
        """The last answer's status, or in a word that there was none."""
        if self.delivery.status:
            return str(self.delivery.status)
        return "…" if not self.delivery.attempts else "—"

    @property
    def tone(self) -> str:
        """How it went: good, bad, or not yet tried."""
        if self.delivery.state == "delivered":
            return "good"
        return "bad" if self.delivery.attempts or self.delivery.state == "failed" else "none"


@dataclass(frozen=True)
class Attempt:
    """A try of a delivery, with what was asked and answered."""

    number: int
    at: datetime
    ok: bool
    seconds: float
    reason: str
    request: str
    answer: str


@dataclass(frozen=True)
class Opened:
    """The delivery that is looked at."""

    delivery: Delivery
    attempts: list[Attempt]
    most: int
    curl: str
    why_failed: str


def listed(page: Page[Any], chosen: Delivery | None, webhook: Webhook, *, part: bool, at: datetime) -> list[Shown]:
    """Return the deliveries of a page of the list; of a `part` of another page, few."""
    address = webhook.get_absolute_url()
    on = f"&page={page.number}" if page.number > 1 else ""
    rows = page.object_list[:IN_PART] if part else page.object_list
    urls = [f"{address}?delivery={each.pk}{on}" for each in rows]
    return [
        Shown(each, each == chosen, url, f"{url}&part=1" if part else url, at)
        for each, url in zip(rows, urls, strict=True)
    ]


def is_on_its_way(delivery: Delivery, webhook: Webhook, *, at: datetime) -> bool:
    """Whether its answer is to be expected while one looks."""
    return not webhook.off_at and not webhook.is_open(at=at) and _is_due(delivery, at=at)


def _is_due(delivery: Delivery, *, at: datetime) -> bool:
    """Whether a worker has it, or will have it soon; of a lease, `next_try_at` is the end."""
    return delivery.state == "waiting" and (delivery.lease is not None or delivery.next_try_at <= at + SOON)


def opened(delivery: Delivery, webhook: Webhook) -> Opened:
    """Return a delivery with its tries, newest first."""
    attempts = [_attempt(number, kept) for number, kept in enumerate(delivery.attempts, 1)][::-1]
    why = visible(in_words(delivery.reason)) if delivery.state != "delivered" else ""
    return Opened(delivery, attempts, len(telling.pauses()) + 1, curl_of(delivery, webhook), why)


def curl_of(delivery: Delivery, webhook: Webhook) -> str:
    """Return a command that sends the payload; unsigned, as the secret is not ours to show."""
    head = ["content-type: application/json", f"webhook-id: {delivery.event_id}"]
    parts = ["curl", "-X", "POST", webhook.address, *(part for each in head for part in ("-H", each))]
    return " ".join(map(shlex.quote, [*parts, "--data-raw", delivery.payload]))


def _attempt(number: int, kept: dict[str, Any]) -> Attempt:
    return Attempt(
        number=number,
        at=datetime.fromisoformat(kept["at"]),
        ok=kept["ok"],
        seconds=kept["seconds"],
        reason=visible(in_words(kept["reason"])),
        request=visible_lines(_readable(kept["request"])),
        answer=visible_lines(kept["answer"]),
    )


def _readable(request: str) -> str:
    """Return a request with its JSON in lines, where it was kept whole."""
    head, _gap, body = request.partition("\n\n")
    try:
        return f"{head}\n\n{json.dumps(json.loads(body), indent=2, ensure_ascii=False)}"
    except ValueError:
        return request


def why_not_change(webhook: Webhook, user: User) -> str:
    """Return why the user may not change it; the loader left with its owner what they may."""
    if webhook.application:
        held = webhook.application.held  # type: ignore[attr-defined]
        return lacking(held, Permission.EDIT_APPLICATION)
    assert webhook.team  # noqa: S101 - a constraint: one of both
    return lacking(TEAM_ROLE_PERMISSIONS[webhook.team.membership.role], Permission.ADMINISTER)


# The registry -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Described:
    """An event that webhooks can hear, and the payload that it has."""

    name: str
    words: str
    icon: str
    colour: str
    example: str


def event_groups() -> list[tuple[str, list[Described]]]:
    """Return the events by the first part of their names, each group with its wildcard."""
    groups: dict[str, list[Described]] = defaultdict(list)
    for event in payloads.told():
        example = json.dumps(payloads.example(event), indent=2, ensure_ascii=False)
        described = Described(event.name, str(event.log), event.icon, event.colour, example)
        groups[event.name.partition(".")[0] + ".*"].append(described)
    return list(groups.items())


def tries_in_words() -> str:
    """Return “Signed with HMAC-SHA256, tried up to 8 times over 24 h”, as the settings have it."""
    pauses = telling.pauses()
    values = {"count": len(pauses) + 1, "hours": max(1, round(sum(pauses) / 3600))}
    return _("Signed with HMAC-SHA256, tried up to %(count)d times over %(hours)d h") % values
