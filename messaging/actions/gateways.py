"""The verbs of the host side of messages: where an application takes them, whose it does not, failed ones again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.egress import why_not
from console.base.core.errors import ActionRefused, Conflict, refuse_if, refusing_duplicate
from console.base.core.wakeups import wake
from console.base.hosts.actions import lock
from console.base.hosts.models import HostApplication
from messaging import events, rules
from messaging.actions.messages import replayable, requeue
from messaging.delivery import Outcome
from messaging.models import Ban, Gateway, Message, MyTemplate
from messaging.tasks import deliver
from miniprograms import actions as miniprograms
from miniprograms.models import MiniProgram

MOST_REPLAYED = 10_000  # in one go: one UPDATE, while a person waits

# Gateway ----------------------------------------------------------------------------------------------------------


def gateway_of(application: HostApplication) -> Gateway:
    """Return where the application takes messages; nowhere is a gateway without address, of revision 0."""
    found = Gateway.objects.filter(application=application).first()
    return found or Gateway(application=application, url="", revision=0)


@transaction.atomic
def set_gateway(
    application: HostApplication, *, url: str, revision: int, by: User, at: datetime | None = None
) -> Gateway:
    """Set where messages go, or with "" that they go nowhere; saving what is there already changes nothing.

    `revision` is the one that the editor saw; raises Conflict when it is old, ActionRefused for an address that the
    console does not ask. A new address starts with a clean record: how the old one answered says nothing of it.
    """
    if url and (refusal := why_not(url)):
        raise ActionRefused(refusal, field="url")
    application, at = lock(application), at or timezone.now()
    current = gateway_of(application)
    if current.revision != revision:
        raise Conflict(_conflict(current), field="url")
    before = current.url
    if url == before:
        return current
    if current.revision:
        current.delete()
    if url:
        # Never a revision that somebody may have on screen, also after the gateway was removed in between.
        entries = ActivityEntry.objects.of_application(application.application_id)
        number = entries.filter(verb=events.GatewaySet.name).count() + 1
        Gateway.objects.create(application=application, url=url, revision=number, changed_at=at)
        wake(deliver)
    event = events.GatewaySet if url else events.GatewayRemoved
    emit(event(application, by=by, at=at, before={"address": before}, after={"address": url}))
    return gateway_of(application)


def _conflict(current: Gateway) -> str:
    if not current.url:
        return _("Someone else removed the gateway while you were editing.")
    words = _("Someone else changed the address while you were editing. It is %(address)s now.")
    return words % {"address": current.url}


@transaction.atomic
def note_test(gateway: Gateway, *, outcome: Outcome, by: User, at: datetime | None = None) -> None:
    """Put on record how a test ended. A good one closes the circuit, unless the address is another one by now."""
    application, at = lock(gateway.application), at or timezone.now()
    if outcome.ok:
        tested = Gateway.objects.filter(application=application, revision=gateway.revision)
        tested.update(failures=0, open_until=at, last_success_at=at)
        wake(deliver)
    after = {"address": gateway.url, "status": outcome.status, "seconds": round(outcome.seconds, 3)}
    emit(events.GatewayTested(application, by=by, at=at, after=after, reason=outcome.reason))


# Bans -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def ban(
    application: HostApplication,
    *,
    program: MiniProgram,
    template: MyTemplate | None = None,
    reason: str,
    by: User,
    at: datetime | None = None,
) -> Ban:
    """Take no messages of the program, or of one template of it, from the next send on; its team reads the reason."""
    if not reason.strip():
        raise ActionRefused(_("Enter a reason. The mini program’s team will see it."), field="reason")
    application, program = lock(application), miniprograms.lock(program)
    if not program.bindings.bound().filter(application=application).exists():
        raise ActionRefused(_("%(program)s is no longer bound.") % {"program": program})
    if template and not MyTemplate.objects.live().filter(pk=template.pk, mini_program=program).exists():
        raise ActionRefused(_("This template was deleted."), field="template")
    at = at or timezone.now()
    made = {"reason": reason.strip(), "created_by": by, "created_at": at}
    row = Ban(application=application, mini_program=program, template=template, **made)
    with refusing_duplicate(
        "ban_standing_once", _("Already done: someone else stopped these messages."), field="template"
    ):
        row.save()
    emit(events.MessagesBanned(row, by=by, at=at, reason=row.reason))
    return row


@transaction.atomic
def lift(ban: Ban, *, by: User, at: datetime | None = None) -> Ban:
    """Take messages again, from the next send on."""
    ban.application, ban.mini_program = lock(ban.application), miniprograms.lock(ban.mini_program)
    at = at or timezone.now()
    if not Ban.objects.in_force().filter(pk=ban.pk).update(lifted_at=at, lifted_by=by):
        raise Conflict(_("Already done: someone else allowed these messages again."))
    ban.lifted_at, ban.lifted_by = at, by
    emit(events.MessagesAllowed(ban, by=by, at=at))
    return ban


# Failed messages --------------------------------------------------------------------------------------------------


@transaction.atomic
def replay_failed(application: HostApplication, *, by: User, at: datetime | None = None) -> int:
    """Send the application's failed messages again that can be, of the oldest MOST_REPLAYED; returns how many.

    Raises ActionRefused when there is none, or nowhere to send them.
    """
    application, at = lock(application), at or times.of_the_database()
    wanted = failed_and_wanted(application, at=at)
    refuse_if(rules.why_not_replay_all(has_gateway=bool(gateway_of(application).url), has_failed=wanted.exists()))
    oldest = wanted.order_by("pk").values("pk")[:MOST_REPLAYED]
    count = requeue(Message.objects.filter(pk__in=oldest), at=at)
    if not count:
        raise Conflict(_("Already done: someone else sent these messages again."))
    emit(events.MessagesReplayed(application, by=by, at=at, after={"messages": count}))
    return count


def failed_and_wanted(application: HostApplication, *, at: datetime | None = None) -> QuerySet[Message]:
    """Return the failed messages that can be sent again at `at`, now by default."""
    return replayable(Message.objects.failed().filter(application=application), at=at)
