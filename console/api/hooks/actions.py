"""The verbs of webhooks (A-4). A secret of ours is in what `create` and `replace_secret` return, and nowhere else."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _

from console.api.hooks import events, rules, telling
from console.api.hooks.formats import masked
from console.api.hooks.models import Delivery, Webhook, WebhookSecret
from console.api.hooks.states import TEST, WITH_OWN_SECRET, DeliveryState, Format
from console.api.hooks.switching import lock
from console.base.accounts.models import Team, User
from console.base.activity.events import emit
from console.base.core import times
from console.base.core.errors import ActionRefused, Conflict, refuse_if
from console.base.core.outbox.retrying import expires_at
from console.base.core.sealing import seal
from console.base.core.wakeups import wake
from console.base.hosts.models import HostApplication
from devmgmt.keys.actions import Secret
from miniprograms.models import MiniProgram

MOST_REPLAYED = 1000  # in one go


class Made(NamedTuple):
    """A webhook's row, and the secret that signs for it: "" where its format has none of ours."""

    row: Webhook
    secret: Secret


@transaction.atomic
def create(
    owner: Team | HostApplication,
    *,
    url: str,
    format: str,
    language: str,
    patterns: list[str],
    by: User,
    program: MiniProgram | None = None,
    chat_secret: str = "",
    at: datetime | None = None,
) -> Made:
    """Tell an address of the owner's events from now on; of a team's, all or those of one mini program.

    Raises ActionRefused for an address that the console does not ask, and for names that are no events.
    """
    at = at or timezone.now()
    owner = type(owner)._default_manager.select_for_update(no_key=True).get(pk=owner.pk)
    refuse_if(rules.why_not_address(url), "url")
    refuse_if(rules.why_not_events(patterns), "patterns")
    refuse_if(rules.why_no_more(owner.webhooks.all()))
    whose = {"team": owner, "mini_program": program} if isinstance(owner, Team) else {"application": owner}
    row = Webhook.objects.create(
        **whose, sealed_url=seal(url), address=masked(url, format), format=format, language=language, events=patterns,
        created_at=at, created_by=by, changed_at=at,
    )  # fmt: skip
    secret = _new_secret() if format == Format.STANDARD else Secret("")
    _keep_secret(row, secret or chat_secret, by=by, at=at)
    after = _facts(row) | ({"mini_program": program.name} if program else {})
    emit(events.WebhookCreated(row, by=by, at=at, after=after))
    return Made(row, secret)


@transaction.atomic
def edit(
    webhook: Webhook,
    *,
    url: str,
    language: str,
    patterns: list[str],
    revision: int,
    by: User,
    chat_secret: str = "",
    at: datetime | None = None,
) -> Webhook:
    """Change where and what is told; "" leaves the address and a chat's secret. Another address begins anew.

    Raises Conflict where it is not the `revision` that the editor saw any more.
    """
    current, at = lock(webhook), at or timezone.now()
    if current.revision != revision:
        raise Conflict(_("Someone else changed the webhook while you were editing. Reload the page."))
    refuse_if(rules.why_not_address(url) if url else "", "url")
    refuse_if(rules.why_not_events(patterns), "patterns")
    before = _facts(current)
    current.language, current.events = language, patterns
    if url:
        _move(current, url, at=at)
    current.revision += 1
    current.save()
    if chat_secret and current.format in WITH_OWN_SECRET:
        current.secrets.filter(ends_at=None).update(ends_at=at)
        _keep_secret(current, chat_secret, by=by, at=at)
    after = _facts(current)
    if url or chat_secret or before != after:
        heard = {"events": [each for each in before["events"] if each not in patterns]}
        added = {"events": [each for each in patterns if each not in before["events"]]}
        emit(events.WebhookEdited(current, by=by, at=at, before=before | heard, after=after | added))
    return current


@transaction.atomic
def replace_secret(
    webhook: Webhook, *, overlap: int, seen: int, by: User, reason: str = "", at: datetime | None = None
) -> Made:
    """Replace the secret `seen`; the old one signs, too, for `overlap` more hours. Raises Conflict when it is old."""
    current, at = lock(webhook), at or timezone.now()
    refuse_if(rules.why_not_replace_secret(current))
    old = current.secrets.filter(ends_at=None).first()
    if old is None or old.pk != seen:
        raise Conflict(_("The secret was replaced after you opened this page. Reload the page."))
    current.secrets.usable(at=at).update(ends_at=Least("ends_at", Value(at + timedelta(hours=overlap))))
    secret = _new_secret()
    new = _keep_secret(current, secret, by=by, at=at)
    values: dict[str, Any] = {"before": {"secret": str(old)}, "after": {"secret": str(new), "overlap": overlap}}
    emit(events.WebhookSecretReplaced(current, by=by, at=at, reason=reason, **values))
    return Made(current, secret)


@transaction.atomic
def delete(webhook: Webhook, *, by: User, reason: str = "", at: datetime | None = None) -> Webhook:
    """Take it away, and erase its secrets and its address; what was sent is kept as long as any."""
    current, at = lock(webhook), at or timezone.now()
    emit(events.WebhookDeleted(current, by=by, at=at, before=_facts(current), reason=reason.strip()))
    current.deleted_at, current.sealed_url = at, ""
    current.save(update_fields=["deleted_at", "sealed_url"])
    current.secrets.all().delete()
    return current


@transaction.atomic
def send_test(webhook: Webhook, *, at: datetime | None = None) -> Delivery:
    """Send what is no event, by the way that events go. Where it is left in peace, it is tried at once all the same."""
    current, at = lock(webhook), at or times.of_the_database()
    refuse_if(rules.why_not_send(current))
    _try_now(current, at=at)
    rows = [(current, telling.test_body(current, at=at))]
    return telling.write(rows, name=TEST, event_id=telling.new_id())[0]


@transaction.atomic
def send_again(delivery: Delivery, *, by: User, at: datetime | None = None) -> Delivery:
    """Send one delivery again, under its id: a receiver that has it knows so."""
    current, at = lock(delivery.webhook), at or times.of_the_database()
    refuse_if(rules.why_not_send(current))
    _try_now(current, at=at)
    if not _requeue(current.deliveries.filter(pk=delivery.pk), at=at):
        raise ActionRefused(_("This delivery is being sent now."))
    emit(events.WebhookReplayed(current, by=by, at=at, after={"deliveries": 1}))
    return delivery


@transaction.atomic
def replay(
    webhook: Webhook, *, since: datetime, until: datetime, failed_only: bool, by: User, at: datetime | None = None
) -> int:
    """Send what happened from `since` to `until` again; returns how many.

    Of more than MOST_REPLAYED it takes those that were finished first: what it sent is behind the rest the next time.
    """
    current, at = lock(webhook), at or times.of_the_database()
    refuse_if(rules.why_not_send(current))
    rows = current.deliveries.finished().filter(created_at__gte=since, created_at__lt=until)
    rows = rows.filter(state=DeliveryState.FAILED) if failed_only else rows
    oldest = rows.order_by("finished_at", "pk").values("pk")[:MOST_REPLAYED]
    count = _requeue(Delivery.objects.finished().filter(pk__in=oldest), at=at)
    if not count:
        raise ActionRefused(_("There is nothing to send again in this period."))
    _try_now(current, at=at)
    emit(events.WebhookReplayed(current, by=by, at=at, after={"deliveries": count}))
    return count


def _move(webhook: Webhook, url: str, *, at: datetime) -> None:
    """Put another address into the row, with a clean record: how the old one answered says nothing of it."""
    webhook.sealed_url, webhook.address, webhook.changed_at = seal(url), masked(url, webhook.format), at
    webhook.failures, webhook.open_until, webhook.failing_since = 0, None, None
    webhook.last_success_at, webhook.last_failure_at, webhook.last_failure = None, None, ""


def _requeue(rows: QuerySet[Delivery], *, at: datetime) -> int:
    """Let deliveries wait again, also those between two tries; not what a worker has."""
    until = expires_at(at, pauses=telling.pauses())
    changed = rows.filter(lease=None).update(
        state=DeliveryState.WAITING, tries=0, next_try_at=at, give_up_at=until, finished_at=None
    )
    if changed:
        wake(telling.DELIVER)
    return changed


def _try_now(webhook: Webhook, *, at: datetime) -> None:
    """Let an open circuit take a try at once."""
    Webhook.objects.filter(pk=webhook.pk).exclude(open_until=None).update(open_until=Least(F("open_until"), Value(at)))


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {
        "address": webhook.address,
        "events": webhook.events,
        "format": webhook.format,
        "language": webhook.language,
    }


def _new_secret() -> Secret:
    return Secret("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())


def _keep_secret(webhook: Webhook, secret: str, *, by: User, at: datetime) -> WebhookSecret | None:
    if not secret:
        return None
    made = {"sealed": seal(secret), "hint": secret[-4:], "created_at": at, "created_by": by}
    return WebhookSecret.objects.create(webhook=webhook, **made)
