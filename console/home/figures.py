"""Figures of the home page: what was sent, and for operators how the platform is furnished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from console.base.hosts.models import DefaultApi
from console.home.person import Person
from messaging.models import Message, PublicTemplate
from messaging.states import MessageState
from messaging.stats import MANY, MANY_SECONDS
from miniprograms.models import Category, IdeDownload

Text = str | Promise
SENT_WITHIN = timedelta(hours=24)
STATES = (MessageState.DELIVERED, MessageState.WAITING, MessageState.FAILED)


@dataclass(frozen=True)
class Sent:
    """Messages accepted within SENT_WITHIN, by where they are now."""

    delivered: int = 0
    waiting: int = 0
    failed: int = 0

    @property
    def accepted(self) -> int:
        """All together."""
        return self.delivered + self.waiting + self.failed


def sent_by(person: Person, *, at: datetime) -> Sent:
    """Count the messages of the person's programs; where there are very many, once a minute is enough."""
    teams = sorted(person.teams(Permission.VIEW))
    if not teams:
        return Sent()
    key = f"home-messages:{','.join(map(str, teams))}"
    found: Sent | None = cache.get(key)
    if found is None:
        rows = Message.objects.filter(mini_program__team__in=teams, accepted_at__gte=at - SENT_WITHIN).order_by()
        counts = dict(rows.values_list("state").annotate(Count("pk")))
        found = Sent(*(counts.get(state, 0) for state in STATES))
        if found.accepted >= MANY:
            cache.set(key, found, MANY_SECONDS)
    return found


@dataclass(frozen=True)
class Holding:
    """Something that operators keep: how much of it there is, what it is for, its page."""

    label: Text
    purpose: Text
    icon: str
    count: int
    url: str


KEPT: tuple[tuple[type[Model], Text, Text, str, str], ...] = (
    (Team, _("Teams"), _("Own mini programs and host apps"), "users", "platform:teams"),
    (Category, _("Categories"), _("Every mini program has one"), "category", "platform:categories"),
    (
        PublicTemplate,
        _("Template library"),
        _("The base for subscription messages"),
        "message",
        "platform:templates",
    ),
    (DefaultApi, _("Sensitive APIs"), _("The default list for new apps"), "lock", "platform:apis"),
    (IdeDownload, _("IDE downloads"), _("Where developers get the IDE"), "download", "platform:ide"),
)


def holdings() -> list[Holding]:
    """Return what operators keep; a query each."""
    return [
        Holding(label, purpose, icon, model._default_manager.count(), reverse(page))
        for model, label, purpose, icon, page in KEPT
    ]
