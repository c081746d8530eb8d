"""The send log as its page shows it (M-8): read from a place on, so that the last page costs what the first does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.core import times, zones
from console.base.core.outbox.reasons import in_words
from console.base.core.text import visible
from messaging.localization import Line, keywords_of, lines_in, title_in, title_of
from messaging.models import Consent, Message
from messaging.states import PUSHES_PER_DAY, MessageState
from miniprograms.models import MiniProgram, ProgramUser

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLACE = re.compile(r"([0-9]{1,16})_([0-9]{1,19})")
MOST_USERS = 20  # whose openid fits its masked form; more than one is very unlikely


class Place(NamedTuple):
    """Where a message is in the log."""

    accepted_at: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that a URL names; None when it names none."""
        match = PLACE.fullmatch(text)
        if match is None or int(match[2]) >= 2**63:
            return None
        try:
            return cls(EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{(self.accepted_at - EPOCH) // timedelta(microseconds=1)}_{self.pk}"


@dataclass(frozen=True)
class Criteria:
    """What a program's log is searched for; empty asks nothing.

    `recipient` holds lookups of a ProgramUser: the whole openid, how it begins and ends, or the account.
    """

    state: str = ""
    template: int | None = None
    application: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    recipient: Mapping[str, str] = field(default_factory=dict)
    message: int | None = None


def fitting(program: MiniProgram, criteria: Criteria) -> QuerySet[Message]:
    """Return the messages that fit, newest first, with what their rows show; two queries more with a recipient."""
    rows = Message.objects.filter(mini_program=program)
    plain = {
        "state": criteria.state,
        "template": criteria.template,
        "application": criteria.application,
        "pk": criteria.message,
    }
    rows = rows.filter(**{name: value for name, value in plain.items() if value not in ("", None)})
    if criteria.since:
        rows = rows.filter(accepted_at__gte=criteria.since)
    if criteria.until:
        rows = rows.filter(accepted_at__lt=criteria.until)
    if criteria.recipient:
        consents = _consents_of(program, criteria.recipient)
        # Each half by an index of its own: there is one for one-time and one for long-term messages.
        rows = rows.filter(Q(consent__in=consents, day=None) | Q(consent__in=consents, day__isnull=False))
    return rows.select_related("template", "application", "consent__user").order_by("-accepted_at", "-pk")


def latest(program: MiniProgram, criteria: Criteria, *, before: Place | None = None, limit: int) -> list[Message]:
    """Return the newest `limit` messages before the place, newest first; two queries, four with a recipient."""
    rows = fitting(program, criteria)
    if before:
        # The first condition bounds the index, the second is exact.
        earlier = Q(accepted_at__lt=before.accepted_at) | Q(accepted_at=before.accepted_at, pk__lt=before.pk)
        rows = rows.filter(earlier, accepted_at__lte=before.accepted_at)
    chosen = list(rows.values_list("pk", flat=True)[:limit])
    related = Message.objects.select_related("template", "application", "consent__user").order_by()
    found = {message.pk: message for message in related.filter(pk__in=chosen)}
    return [found[pk] for pk in chosen if pk in found]


def _consents_of(program: MiniProgram, recipient: Mapping[str, str]) -> list[int]:
    users = ProgramUser.objects.filter(mini_program=program, **recipient)
    few = list(users.values_list("pk", flat=True)[:MOST_USERS])
    return list(Consent.objects.filter(user__in=few).values_list("pk", flat=True)) if few else []


class Row:
    def __init__(self, message: Message) -> None:
        self.message = message
        self.place = str(Place(message.accepted_at, message.pk))
        self.user = message.consent.user
        self.title = visible(title_of(message.template))
        self.reason = visible(in_words(message.reason))

    @property
    def day(self) -> str:
        """The date, unless it is today."""
        local = timezone.localtime(self.message.accepted_at)
        return "" if local.date() == timezone.localdate() else times.day(self.message.accepted_at)

    @property
    def when(self) -> str:
        """The time to the second, after the date unless that is today's."""
        clock = f"{timezone.localtime(self.message.accepted_at):%H:%M:%S}"
        return times.at_time(self.day, clock) if self.day else clock

    @property
    def full(self) -> str:
        """Date and time."""
        local = timezone.localtime(self.message.accepted_at)
        return times.at_time(times.day(self.message.accepted_at), f"{local:%H:%M:%S} {zones.offset(local)}")

    @property
    def answer(self) -> str:
        """What the gateway said last: “The gateway responded with 503”, “200”, or why it said nothing."""
        status = self.message.status
        if status is None or str(status) in self.reason:
            return self.reason
        return f"{status} {self.reason}".strip()

    @property
    def is_failed(self) -> bool:
        """Whether it is a dead letter."""
        return self.message.state == MessageState.FAILED

    @property
    def next_try(self) -> str:
        """When the next try is, for one that waits."""
        if self.message.state != MessageState.WAITING:
            return ""
        return _("trying now") if self.message.lease else _soon(self.message.next_try_at)


def _soon(at: datetime) -> str:
    """Return how far away a coming moment is: “in 30 s”, “in 5 min”, “in 3 h”."""
    seconds = round((at - timezone.now()).total_seconds())
    if seconds <= 0:
        return _("due now")
    if seconds < 60:
        return _("in %(seconds)d s") % {"seconds": seconds}
    if seconds < 3600:
        return _("in %(minutes)d min") % {"minutes": round(seconds / 60)}
    return _("in %(hours)d h") % {"hours": round(seconds / 3600)}


# One message ------------------------------------------------------------------------------------------------------


class Opened(Row):
    """A message with all that is known of it."""

    @property
    def lines(self) -> list[Line]:
        """What the user reads."""
        return lines_in(self.message.template, self.message.values, self.message.lang)

    @property
    def values(self) -> list[Line]:
        """The same with the names in the reader's language."""
        names = {word.key: word.name for word in keywords_of(self.message.template)}
        return [line._replace(name=visible(names[line.key])) for line in self.lines]

    @property
    def shown_title(self) -> str:
        """The title that the user reads."""
        return title_in(self.message.template, self.message.lang)

    @property
    def page(self) -> str:
        """What a tap opens."""
        return visible(self.message.page)

    @property
    def idempotency_key(self) -> str:
        """Under which it was sent; empty for most."""
        return visible(self.message.idempotency_key)

    @property
    def consent_words(self) -> str:
        """Which consent it used: “Number 2 of 3 that the user accepted”."""
        message = self.message
        if message.day:
            words = _("Message %(ordinal)d of up to %(most)d allowed on %(day)s")
            day = times.day(datetime.combine(message.day, time(12), tzinfo=timezone.get_default_timezone()))
            return words % {"ordinal": message.ordinal, "most": PUSHES_PER_DAY, "day": day}
        counts = {"ordinal": message.ordinal, "granted": message.consent.granted}
        return _("Consent %(ordinal)d of %(granted)d from the user") % counts
