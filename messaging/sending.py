"""Accepting messages: the consent is used and the message stored in one statement (M-5 to M-7).

Two statements altogether: the first asks all that can be a reason to refuse, the second does it. What is accepted
while the first one's answer grows old, such as a ban that comes in between, is as if it had come a moment earlier.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from psycopg.types.json import Jsonb

from console.base.core import times
from console.base.core.errors import ServerRefused
from console.base.core.statements import ask
from console.base.core.wakeups import wake
from messaging.models import Consent
from messaging.rules import expires_at
from messaging.states import LANGUAGES, PUSHES_PER_DAY, ProgramState, TemplateKind
from messaging.tasks import deliver
from messaging.values import problems
from miniprograms.models import MiniProgram
from miniprograms.querysets import BOUND, ON_SHELF
from releases.querysets import ONLINE

SEND_PATH = "/cgi-bin/message/subscribe/send"
WAKE_SECONDS = 0.5

# `page` is null when none is asked for.
ASK = f"""
    SELECT
        {ON_SHELF} AS on_shelf,
        member.id AS "user", member.application_id AS application,
        template.id AS template, template.kind, template.keywords,
        EXISTS (
            SELECT FROM miniprograms_binding AS binding
            JOIN messaging_gateway AS gateway ON gateway.application_id = binding.application_id
            WHERE binding.mini_program_id = program.id AND binding.application_id = member.application_id
                AND {BOUND}
        ) AS reachable,
        ARRAY(
            SELECT ban.template_id IS NOT NULL FROM messaging_ban AS ban
            WHERE ban.mini_program_id = program.id AND ban.application_id = member.application_id
                AND ban.lifted_at IS NULL AND (ban.template_id IS NULL OR ban.template_id = template.id)
        ) AS bans,
        EXISTS (SELECT FROM messaging_mainswitch WHERE user_id = member.id AND NOT is_on) AS is_off,
        %(page)s::text IS NULL OR (
            SELECT package.pages ? %(page)s
            FROM releases_version AS version JOIN releases_package AS package ON package.id = version.package_id
            WHERE version.mini_program_id = program.id AND ({ONLINE} OR NOT %(formal)s)
            ORDER BY version.uploaded_at DESC, version.id DESC LIMIT 1
        ) AS has_page,
        first.id AS message, first.body_sha256
    FROM miniprograms_miniprogram AS program
    LEFT JOIN miniprograms_programuser AS member
        ON member.openid = %(touser)s AND member.mini_program_id = program.id
    LEFT JOIN messaging_mytemplate AS template
        ON template.template_id = %(template_id)s AND template.mini_program_id = program.id
        AND template.deleted_at IS NULL
    LEFT JOIN messaging_message AS first
        ON first.mini_program_id = program.id AND first.idempotency_key = %(key)s AND first.idempotency_key <> ''
    WHERE program.id = %(program)s
"""  # noqa: S608 - put together from constants
USE_ONE_TIME = """
    UPDATE messaging_consent SET used = used + 1
    WHERE user_id = %(user)s AND template_id = %(template)s AND used < granted
    RETURNING id, NULL::date AS day, used AS ordinal
"""
# The day of a consent never goes back: a clock that does gives no second five pushes.
USE_LONG_TERM = """
    UPDATE messaging_consent SET
        day = GREATEST(day, %(today)s), pushed = CASE WHEN day >= %(today)s THEN pushed + 1 ELSE 1 END
    WHERE user_id = %(user)s AND template_id = %(template)s AND held
        AND (day IS NULL OR day < %(today)s OR pushed < %(most)s)
    RETURNING id, day, pushed AS ordinal
"""
ACCEPT = """
    WITH consent AS ({use})
    INSERT INTO messaging_message (
        mini_program_id, application_id, template_id, consent_id, day, ordinal, "values", page, program_state, lang,
        idempotency_key, body_sha256, accepted_at, state, tries, next_try_at, give_up_at, reason
    )
    SELECT
        %(program)s, %(application)s, %(template)s, consent.id, consent.day, consent.ordinal, %(values)s, %(page)s,
        %(program_state)s, %(lang)s, %(key)s, %(body_sha256)s, %(at)s, 'waiting', 0, %(at)s, %(give_up_at)s, ''
    FROM consent
    RETURNING id
"""
STATEMENTS = {
    TemplateKind.ONE_TIME: ACCEPT.format(use=USE_ONE_TIME),
    TemplateKind.LONG_TERM: ACCEPT.format(use=USE_LONG_TERM),
}


class Facts(NamedTuple):
    """A row of ASK. `bans`: true for one of the template, false for one of the program."""

    on_shelf: bool
    user: int | None
    application: int | None
    template: int | None
    kind: TemplateKind
    keywords: str
    reachable: bool
    bans: list[bool]
    is_off: bool
    has_page: bool | None
    message: int | None
    body_sha256: str | None


class Sending(NamedTuple):
    """What a server wants to send; `data` is key → value: {"thing1": "Harbour Clinic"}."""

    touser: str
    template_id: str
    data: Mapping[str, str]
    page: str = ""
    program_state: str = "formal"
    lang: str = "zh_CN"


class Value(msgspec.Struct):
    """One value of `data`; SDKs send numbers as well."""

    value: str | int | float


class Body(msgspec.Struct):
    """The body in which a server says it; unknown members are ignored, as are empty ones that have a default."""

    touser: str = ""
    template_id: str = ""
    data: dict[str, Value] = {}
    page: str | None = None
    miniprogram_state: str | None = None
    lang: str | None = None

    def sending(self) -> Sending:
        """Return what is asked: an empty member with a default is as good as none."""
        optional = {"page": self.page, "program_state": self.miniprogram_state, "lang": self.lang}
        data = {key: str(given.value) for key, given in self.data.items()}
        given = {name: value for name, value in optional.items() if value}
        return Sending(self.touser, self.template_id, data, **given)


def address() -> str:
    """Return where servers POST it, for examples: with a placeholder for the access token."""
    return f"{settings.BASE_URL.rstrip('/')}{SEND_PATH}?access_token=ACCESS_TOKEN"


def send(
    program: MiniProgram,
    sending: Sending,
    *,
    idempotency_key: str = "",
    body_sha256: str = "",
    at: datetime | None = None,
) -> int:
    """Accept a message and return its id.

    Raises ServerRefused (40003, 40037, 40097, 41030, 43101, 43107, 43116, 45009, 47003, 48001). The same
    `idempotency_key` with the same `body_sha256` returns the first id again, with another it is refused (40097).
    """
    at = at or timezone.now()
    facts = _ask(program, sending, idempotency_key)
    if facts.message is not None:
        return _first(facts.message, facts.body_sha256, body_sha256)
    _check(facts, sending)
    accepted = _accept(program, sending, facts, idempotency_key, body_sha256, at)
    if accepted is None:
        # Another one with the same key may have been quicker, and have used the last consent.
        if idempotency_key and (facts := _ask(program, sending, idempotency_key)).message is not None:
            return _first(facts.message, facts.body_sha256, body_sha256)
        raise _unused(facts)
    transaction.on_commit(_wake, robust=True)
    return accepted


def refusals(program: MiniProgram, sending: Sending, *, at: datetime | None = None) -> list[ServerRefused]:
    """Return why `send` would refuse the message now, what it would answer first; [] when it would accept it.

    Nothing is used. Without `touser` only what can be said without a user.
    """
    try:
        facts = _ask(program, sending, "")
    except ServerRefused as refused:
        return [refused]
    found = [reason for reason in _reasons(facts, sending) if sending.touser or reason.errcode != 40003]
    if facts.user is None or facts.template is None or facts.is_off or _is_usable(facts, at or timezone.now()):
        return found
    return [*found, _unused(facts)]


def _ask(program: MiniProgram, sending: Sending, key: str) -> Facts:
    """Return all that can be a reason to refuse, as it is now; raises ServerRefused for what no row can have."""
    if len(key) > 255 or not key.isprintable():
        raise ServerRefused(40097, "Idempotency-Key must have 1 to 255 printable ASCII characters")
    if not _is_plain(sending.touser):
        raise ServerRefused(40003)
    if not _is_plain(sending.template_id):
        raise ServerRefused(40037)
    if len(sending.page) > 1024 or not sending.page.isprintable():
        raise ServerRefused(41030)
    parameters: dict[str, Any] = {
        "program": program.pk,
        "touser": sending.touser,
        "template_id": sending.template_id,
        "page": _path(sending.page) if sending.page else None,
        "formal": sending.program_state == ProgramState.FORMAL,
        "key": key,
    }
    ((*facts,),) = ask(ASK, parameters)
    return Facts(*facts)


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isprintable()


def _path(page: str) -> str:
    return page.partition("?")[0].removeprefix("/")


def _first(message: int, first_sha256: str | None, body_sha256: str) -> int:
    """Return the message that was accepted under the Idempotency-Key, if it came with the same body."""
    if first_sha256 != body_sha256:
        raise ServerRefused(40097, "the Idempotency-Key was already used with another body")
    return message


def _check(facts: Facts, sending: Sending) -> None:
    """Raise ServerRefused for anything but the consent."""
    for reason in _reasons(facts, sending):
        raise reason


def _reasons(facts: Facts, sending: Sending) -> Iterator[ServerRefused]:
    """Say all that speaks against the message but the consent; the first is the answer."""
    reasons = {
        48001: not facts.on_shelf,
        40003: facts.user is None,
        40037: facts.template is None,
        43107: False in facts.bans,
        43116: True in facts.bans,
        41030: not facts.has_page,
    }
    if facts.user is not None and not facts.reachable:
        reasons[48001] = True
    for errcode, holds in reasons.items():
        if holds:
            yield ServerRefused(errcode)
    if sending.lang not in LANGUAGES:
        yield _invalid("lang")
    if sending.program_state not in ProgramState.values:
        yield _invalid("miniprogram_state")
    if facts.template is not None:
        with translation.override("en"):
            wrong = problems(json.loads(facts.keywords), sending.data)
        for key, why in wrong.items():
            yield _invalid(f"data.{key}.value", why)
    if facts.is_off:
        yield ServerRefused(43101, "the user turned off messages of this program")


def _invalid(name: str, why: str = "") -> ServerRefused:
    """WeChat's words, which say the field; ours after them, which say why."""
    return ServerRefused(47003, f"argument invalid! {name} invalid" + (f": {why}" if why else ""))


def _accept(
    program: MiniProgram, sending: Sending, facts: Facts, key: str, body_sha256: str, at: datetime
) -> int | None:
    """Use the consent and store the message; None when there is no consent left, or the key has come meanwhile."""
    parameters: dict[str, Any] = {
        "program": program.pk,
        "application": facts.application,
        "user": facts.user,
        "template": facts.template,
        "today": times.platform_day(at),
        "most": PUSHES_PER_DAY,
        "values": Jsonb(dict(sending.data)),
        "page": sending.page,
        "program_state": sending.program_state,
        "lang": sending.lang,
        "key": key,
        "body_sha256": body_sha256,
        "at": at,
        "give_up_at": expires_at(at),
    }
    try:
        # A statement by itself is a transaction; a savepoint is only for those around it, when a key is there twice.
        with transaction.atomic() if key else nullcontext():
            rows = ask(STATEMENTS[facts.kind], parameters)
    except IntegrityError as error:
        if "message_idempotency_key_once" not in str(error):
            raise
        return None
    return rows[0][0] if rows else None


def _unused(facts: Facts) -> ServerRefused:
    """Return why the consent could not be used."""
    of_both = {"user": facts.user, "template": facts.template}
    if facts.kind == TemplateKind.LONG_TERM and Consent.objects.filter(**of_both, held=True).exists():
        return ServerRefused(45009, f"{PUSHES_PER_DAY} messages of this template were sent to the user today")
    return ServerRefused(43101)


def _is_usable(facts: Facts, at: datetime) -> bool:
    """Whether there is a consent that the message could use."""
    consent = Consent.objects.filter(user=facts.user, template=facts.template).first()
    if consent is None or facts.kind == TemplateKind.ONE_TIME:
        return consent is not None and consent.remaining > 0
    is_new_day = consent.day is None or consent.day < times.platform_day(at)
    return consent.held and (is_new_day or consent.pushed < PUSHES_PER_DAY)


class _Waker:
    """Wakes the delivery once the message is committed, at most once in WAKE_SECONDS and process.

    Sending a wake-up takes longer than accepting a message. A run of `deliver` goes on looking for at least a second
    after the last message that it found, so it also finds those that were accepted within the pause; whatever is
    missed yet, the sweep finds.
    """

    def __init__(self) -> None:
        self._last = -WAKE_SECONDS

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._last >= WAKE_SECONDS:
            self._last = now
            wake(deliver)


_wake = _Waker()
