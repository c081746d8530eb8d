"""Messages as an outbox: which gateways can be tried, what a worker gets, and what has expired."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from console.base.core import metrics
from console.base.core.outbox import leases
from console.base.core.outbox.leases import Outbox
from console.base.core.outbox.retrying import closed, since
from console.base.hosts.models import ServerSecret
from messaging.models import Gateway, MyTemplate
from messaging.payload import Leased, Titles

MESSAGES = Outbox(
    table="messaging_message",
    receiver="application_id",
    slot=0x6D736773,
    joined="messaging_consent AS c, miniprograms_programuser AS u, miniprograms_miniprogram AS p",
    on="c.id = m.consent_id AND u.id = c.user_id AND p.id = m.mini_program_id",
    returning=(
        "m.id, m.lease, m.tries, m.give_up_at, m.accepted_at, m.template_id, m.values, m.page, m.program_state,"
        " m.lang, p.app_id, p.name, u.openid, u.account"
    ),
)
# A message that nobody could be asked to take says so; another says why its last try failed.
EXPIRE = """
UPDATE messaging_message AS m SET state = 'failed', finished_at = %(at)s, lease = NULL, reason = CASE
    WHEN NOT EXISTS (SELECT FROM messaging_gateway AS g WHERE g.application_id = m.application_id)
        THEN 'The host app has no gateway'
    WHEN NOT EXISTS (SELECT FROM hosts_serversecret AS s WHERE s.application_id = m.application_id
            AND (s.ends_at IS NULL OR s.ends_at > %(at)s))
        THEN 'The host app has no server secret'
    WHEN m.reason <> '' THEN m.reason
    ELSE coalesce((SELECT nullif(g.last_failure, '') FROM messaging_gateway AS g
        WHERE g.application_id = m.application_id), 'Expired before the first attempt')
    END
WHERE id IN (
    SELECT id FROM messaging_message WHERE state = 'waiting' AND give_up_at <= %(at)s
        AND (lease IS NULL OR next_try_at <= %(at)s)
    LIMIT 5000 FOR UPDATE SKIP LOCKED
) RETURNING 'expired'
"""


def deliverable(*, at: datetime) -> set[int]:
    """Return the applications for which something is due and can be tried: gateway, secret, circuit.

    What waits behind an open circuit is not touched: it uses up no tries.
    """
    return MESSAGES.with_due(_gateways(at).values_list("pk", flat=True), at=at)


def backlog(*, at: datetime) -> tuple[int, datetime | None]:
    """Return how many messages could be tried now, at most MANY + 1, and since when the first of them could."""
    return MESSAGES.backlog(dict(_gateways(at).values_list("pk", since())), at=at)


def _gateways(at: datetime) -> QuerySet[Gateway]:
    secrets = ServerSecret.objects.usable(at=at).filter(application=OuterRef("application"))
    return Gateway.objects.filter(closed(at), Exists(secrets))


def lease(application: int, *, most: int, at: datetime) -> list[Leased]:
    """Take messages of the application, those that have waited longest first; the try that begins counts."""
    return MESSAGES.lease(application, most=most, at=at, as_=Leased)


def expire(*, at: datetime) -> int:
    """Fail the messages that have expired and that no worker has; return how many (M-7)."""
    for outcome, count in (ended := leases.expire(EXPIRE, at=at)).items():
        metrics.messages.labels(outcome).inc(count)
    return ended.total()


def titles(templates: Iterable[int]) -> dict[int, Titles]:
    """Return what the messages of these templates have in common."""
    columns = ("template_id", "kind", "title", "title_zh", "keywords")
    rows = MyTemplate.objects.filter(pk__in=templates).values_list("pk", *columns)
    return {pk: Titles(*row) for pk, *row in rows}
