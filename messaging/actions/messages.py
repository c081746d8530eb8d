"""The verbs of messages that could not be delivered (M-7)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core import times
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.wakeups import wake
from messaging.events import MessageReplayed
from messaging.models import Ban, Consent, Message
from messaging.rules import expires_at
from messaging.states import PUSHES_PER_DAY, MessageState, TemplateKind
from messaging.tasks import deliver
from miniprograms.models import Binding

# The places of a consent on `today`, for its failed messages of earlier days, the oldest first (M-6). Whoever runs it
# holds the consents, so nobody else takes these places. The day of a consent never goes back.
TAKE_PLACES = """
    WITH wanted AS (
        SELECT message.id, GREATEST(consent.day, %(today)s) AS day,
            CASE WHEN consent.day >= %(today)s THEN consent.pushed ELSE 0 END
                + row_number() OVER (PARTITION BY consent.id ORDER BY message.id) AS ordinal
        FROM messaging_message AS message JOIN messaging_consent AS consent ON consent.id = message.consent_id
        WHERE message.id = ANY(%(messages)s)
    ), placed AS (
        UPDATE messaging_message AS message SET day = wanted.day, ordinal = wanted.ordinal
        FROM wanted WHERE message.id = wanted.id AND wanted.ordinal <= %(most)s
        RETURNING message.consent_id, message.day, message.ordinal
    )
    UPDATE messaging_consent AS consent SET day = taken.day, pushed = taken.pushed
    FROM (SELECT consent_id, day, max(ordinal) AS pushed FROM placed GROUP BY consent_id, day) AS taken
    WHERE consent.id = taken.consent_id
"""


@transaction.atomic
def replay(message: Message, *, by: User) -> Message:
    """Let a failed message be delivered again, with as many tries as a new one.

    Raises Conflict when it is not failed any more, ActionRefused when it can't be sent now: `why_not_replay`.
    """
    before, at = {"state": message.state, "tries": message.tries}, times.of_the_database()
    if not requeue(Message.objects.filter(pk=message.pk), at=at):
        message.refresh_from_db(fields=["state"])
        if message.state == MessageState.FAILED:
            raise ActionRefused(why_not_replay(message, at=at))
        raise Conflict(_("Already done: the message is no longer marked as failed."))
    message.refresh_from_db()
    after = {"state": message.state, "tries": message.tries}
    emit(MessageReplayed(message, by=by, before=before, after=after))
    return message


def requeue(messages: QuerySet[Message], *, at: datetime) -> int:
    """Let those of `messages` that may be replayed wait again, and wake delivery after commit; returns how many.

    Long-term ones of earlier days take today's places as far as there are any; the others stay failed (M-6). The
    gateway's last answer stays with all of them until the next try. The caller opens the transaction.
    """
    today = times.platform_day(at)
    _take_places(replayable(messages, at=at).filter(day__lt=today), today)
    # The state once more outside: only there is it read again when someone else has just written the row.
    chosen = Message.objects.filter(pk__in=replayable(messages, at=at).values("pk"), state=MessageState.FAILED)
    changed = chosen.exclude(day__lt=today).update(
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


def _take_places(messages: QuerySet[Message], today: date) -> None:
    """Make those of the messages, all of earlier days, that still fit ones of today."""
    consents = Consent.objects.filter(pk__in=messages.values("consent"))
    # In the order in which a user's answers lock them.
    locked = list(consents.order_by("template_id", "pk").select_for_update(no_key=True).values_list("pk", flat=True))
    # Read under the locks: of those who send a message again at the same time, one finds it.
    found = list(messages.filter(consent__in=locked).values_list("pk", flat=True)) if locked else []
    if found:
        with connection.cursor() as cursor:
            cursor.execute(TAKE_PLACES, {"messages": found, "today": today, "most": PUSHES_PER_DAY})


def replayable(messages: QuerySet[Message], *, at: datetime | None = None) -> QuerySet[Message]:
    """Keep the failed ones that can be sent again at `at`, now by default: wanted, and not above the day's limit."""
    today = times.platform_day(at)
    full = Q(day__lt=today, consent__day__gte=today, consent__pushed__gte=PUSHES_PER_DAY)
    return _wanted(messages).exclude(full)


def _wanted(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Keep the failed ones that still have somewhere to go and that neither user nor application said no to."""
    here = {"application": OuterRef("application"), "mini_program": OuterRef("mini_program")}
    banned = Ban.objects.in_force().filter(Q(template=None) | Q(template=OuterRef("template")), **here)
    withdrawn = Q(template__kind=TemplateKind.LONG_TERM, consent__held=False)
    off = Q(consent__user__main_switch__is_on=False)
    kept = messages.filter(Exists(Binding.objects.served().filter(**here)), ~Exists(banned), state=MessageState.FAILED)
    return kept.exclude(withdrawn).exclude(off).order_by()


def why_not_replay(message: Message, *, at: datetime | None = None) -> str:
    """Return why the message can't be replayed, in words; "" when it can. `message_for` has loaded what is asked."""
    if message.state == MessageState.DELIVERED:
        return _("The message was delivered.")
    if message.state == MessageState.WAITING:
        return _("The message is still waiting for its next attempt.")
    alone = Message.objects.filter(pk=message.pk)
    if replayable(alone, at=at).exists():
        return ""
    names = {"program": message.mini_program, "application": message.application}
    here = {"application": message.application_id, "mini_program": message.mini_program_id}
    if not Binding.objects.bound().filter(**here).exists():
        return _("%(program)s is no longer bound to %(application)s.") % names
    if not Binding.objects.served().filter(**here).exists():
        return _("The mini program is off the shelf.")
    if Ban.objects.in_force().filter(**here).filter(Q(template=None) | Q(template=message.template_id)).exists():
        return _("%(application)s has stopped these messages.") % names
    if not _wanted(alone).exists():
        return _("The user no longer accepts these messages.")
    words = _("The user already got %(most)d messages of this template today. Send it again tomorrow.")
    return words % {"most": PUSHES_PER_DAY}
