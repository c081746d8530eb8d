"""The verbs of messages that could not be delivered (M-7)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core import times
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.wakeups import wake
from messaging.events import MessageReplayed
from messaging.models import Ban, Message
from messaging.rules import expires_at
from messaging.states import MessageState, TemplateKind
from messaging.tasks import deliver


@transaction.atomic
def replay(message: Message, *, by: User) -> Message:
    """Let a failed message be delivered again, with as many tries as a new one.

    Raises Conflict when it is not failed any more, ActionRefused when user or application want no more messages of it.
    """
    before = {"state": message.state, "tries": message.tries}
    if not requeue(Message.objects.filter(pk=message.pk), at=times.of_the_database()):
        message.refresh_from_db(fields=["state"])
        if message.state == MessageState.FAILED:
            raise ActionRefused(why_not_replay(message))
        raise Conflict(_("Already done: the message is no longer marked as failed."))
    message.refresh_from_db()
    after = {"state": message.state, "tries": message.tries}
    emit(MessageReplayed(message, by=by, before=before, after=after))
    return message


def requeue(messages: QuerySet[Message], *, at: datetime) -> int:
    """Let those of `messages` that may be replayed wait again, and wake delivery after commit; returns how many.

    The gateway's last answer stays with them until the next try.
    """
    # The state once more outside: only there is it read again when someone else has just written the row.
    chosen = Message.objects.filter(pk__in=replayable(messages).values("pk"), state=MessageState.FAILED)
    changed = chosen.update(
        state=MessageState.WAITING,
        tries=0,
        next_try_at=at,
        lease=None,
        give_up_at=expires_at(at),
        finished_at=None,
    )
    if changed:
        wake(deliver)
    return changed


def replayable(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Keep the failed ones that are still wanted: neither user nor application said no in the meantime."""
    banned = Ban.objects.in_force().filter(
        Q(template=None) | Q(template=OuterRef("template")),
        application=OuterRef("application"),
        mini_program=OuterRef("mini_program"),
    )
    withdrawn = Q(template__kind=TemplateKind.LONG_TERM, consent__held=False)
    off = Q(consent__user__main_switch__is_on=False)
    return messages.filter(~Exists(banned), state=MessageState.FAILED).exclude(withdrawn).exclude(off).order_by()


def why_not_replay(message: Message) -> str:
    """Return why the message can't be replayed, in words; "" when it can. `message_for` has loaded what is asked."""
    if message.state == MessageState.DELIVERED:
        return _("The message was delivered.")
    if message.state == MessageState.WAITING:
        return _("The message is still waiting for its next attempt.")
    if replayable(Message.objects.filter(pk=message.pk)).exists():
        return ""
    standing = Ban.objects.in_force().filter(application=message.application_id, mini_program=message.mini_program_id)
    if standing.filter(Q(template=None) | Q(template=message.template_id)).exists():
        return _("%(application)s has stopped these messages.") % {"application": message.application}
    return _("The user no longer accepts these messages.")
