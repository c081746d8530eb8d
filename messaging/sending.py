"""Accepting messages: the consent is used and the message stored in one statement (M-5 to M-7).

That statement also asks all that can be a reason to refuse, of the access token, too. Only what the values of keywords
may be is known before: a template in use never changes, so a process reads it once. What is refused is asked once more
for its reason, and may then yet be accepted by a second statement. What is accepted
while the first one's answer grows old, such as a ban that comes in between, is as if it had come a moment earlier.
"""

from __future__ import annotations

import json
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
from console.base.core.wakeups import Waker
from devmgmt.keys.tokens import program_of, sha256_of
from messaging.accepting import ACCEPT, ACCEPT_AT_ONCE, ASK, ASK_BY_TOKEN, Facts
from messaging.models import Consent, MyTemplate
from messaging.rules import expires_at
from messaging.states import LANGUAGES, PUSHES_PER_DAY, ProgramState, TemplateKind
from messaging.tasks import deliver
from messaging.values import problems
from miniprograms.models import MiniProgram

SEND_PATH = "/cgi-bin/message/subscribe/send"
MOST_KEPT = 10_000  # templates in memory, of some kilobytes each

_kept: dict[str, Kept] = {}
_wake = Waker(deliver)


class Sending(NamedTuple):
    """What a server wants to send; `data` is key → value: {"thing1": "Harbour Clinic"}."""

    touser: str
    template_id: str
    data: Mapping[str, str]
    page: str = ""
    program_state: str = "formal"
    lang: str = "zh_CN"


class Kept(NamedTuple):
    """What a template in use never changes; `keywords` as MyTemplate has them."""

    kind: TemplateKind
    keywords: list[dict[str, Any]]


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
    sender: MiniProgram | str,
    sending: Sending,
    *,
    idempotency_key: str = "",
    body_sha256: str = "",
    at: datetime | None = None,
) -> int:
    """Accept a message of a program, or of whose access token `sender` is, and return its id.

    Raises ServerRefused (40003, 40037, 40097, 41030, 43101, 43107, 43116, 45009, 47003, 48001, and those of the token,
    which come first). The same `idempotency_key` with the same `body_sha256` returns the first id again, with another
    it is refused (40097). Without `at` it is accepted now.
    """
    _look(sender, sending, idempotency_key)
    given = _given(sending, idempotency_key, body_sha256, at=at)
    known, accepted = _at_once(sender, sending, given)
    if accepted is None:
        facts = known or _ask(sender, given)
        if facts.message is not None:
            return _first(facts.message, facts.body_sha256, body_sha256)
        _check(facts, sending)
        accepted = _accept(facts, given)
        if accepted is None:
            # Another one with the same key may have been quicker, and have used the last consent.
            if idempotency_key and (facts := _ask(sender, given)).message is not None:
                return _first(facts.message, facts.body_sha256, body_sha256)
            raise _unused(facts)
    _wake()
    return accepted


def refusals(program: MiniProgram, sending: Sending, *, at: datetime | None = None) -> list[ServerRefused]:
    """Return why `send` would refuse the message now, what it would answer first; [] when it would accept it.

    Nothing is used. Without `touser` only what can be said without a user.
    """
    try:
        _look(program, sending, "")
        facts = _ask(program, _given(sending, "", at=at))
    except ServerRefused as refused:
        return [refused]
    found = [reason for reason in _reasons(facts, sending) if sending.touser or reason.errcode != 40003]
    if facts.user is None or facts.template is None or facts.is_off or _is_usable(facts, at or timezone.now()):
        return found
    return [*found, _unused(facts)]


def _look(sender: MiniProgram | str, sending: Sending, key: str) -> None:
    """Raise ServerRefused for what no row can have; what is wrong with a token comes first."""
    try:
        _refuse_at_sight(sending, key)
    except ServerRefused:
        if isinstance(sender, str):
            program_of(sender)
        raise


def _ask(sender: MiniProgram | str, given: dict[str, Any]) -> Facts:
    """Return all that can be a reason to refuse, as it is now; raises ServerRefused for a token."""
    if isinstance(sender, str):
        if rows := ask(ASK_BY_TOKEN, given | _whose(sender)):
            return Facts(*rows[0])
        sender = program_of(sender)  # says why it has none
    ((*facts,),) = ask(ASK, given | _whose(sender))
    return Facts(*facts)


def _whose(sender: MiniProgram | str) -> dict[str, Any]:
    return {"token": sha256_of(sender)} if isinstance(sender, str) else {"program": sender.pk}


def _refuse_at_sight(sending: Sending, key: str) -> None:
    """Raise ServerRefused for what no row can have."""
    if len(key) > 255 or not key.isprintable():
        raise ServerRefused(40097, "Idempotency-Key must have 1 to 255 printable ASCII characters")
    if not _is_plain(sending.touser):
        raise ServerRefused(40003)
    if not _is_plain(sending.template_id):
        raise ServerRefused(40037)
    if len(sending.page) > 1024 or not sending.page.isprintable():
        raise ServerRefused(41030)


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
    yield from _of_values(json.loads(facts.keywords) if facts.template is not None else None, sending)
    if facts.is_off:
        yield ServerRefused(43101, "the user turned off messages of this program")


def _of_values(keywords: list[dict[str, Any]] | None, sending: Sending) -> Iterator[ServerRefused]:
    """Say what is wrong with the message in itself; without `keywords` its values are not looked at."""
    if sending.lang not in LANGUAGES:
        yield _invalid("lang")
    if sending.program_state not in ProgramState.values:
        yield _invalid("miniprogram_state")
    if keywords is not None:
        with translation.override("en"):
            wrong = problems(keywords, sending.data)
        for key, why in wrong.items():
            yield _invalid(f"data.{key}.value", why)


def _invalid(name: str, why: str = "") -> ServerRefused:
    """WeChat's words, which say the field; ours after them, which say why."""
    return ServerRefused(47003, f"argument invalid! {name} invalid" + (f": {why}" if why else ""))


def _given(sending: Sending, key: str, body_sha256: str = "", *, at: datetime | None) -> dict[str, Any]:
    """Return what the statements are asked with, but for whose message it is."""
    now = at or timezone.now()
    return {
        "touser": sending.touser,
        "template_id": sending.template_id,
        "page": _path(sending.page) if sending.page else None,
        "formal": sending.program_state == ProgramState.FORMAL,
        "today": times.platform_day(now),
        "most": PUSHES_PER_DAY,
        "values": Jsonb(dict(sending.data)),
        "asked_page": sending.page,
        "program_state": sending.program_state,
        "lang": sending.lang,
        "key": key,
        "body_sha256": body_sha256,
        "at": at,
        "lasts": expires_at(now) - now,
    }


def _at_once(
    sender: MiniProgram | str, sending: Sending, given: dict[str, Any]
) -> tuple[Facts, int | None] | tuple[None, None]:
    """Accept the message if nothing speaks against it; return the facts as well, if they were asked."""
    kept = _template(sending.template_id)
    if kept is None or any(_of_values(kept.keywords, sending)):
        return None, None
    rows = _run(ACCEPT_AT_ONCE[kept.kind, isinstance(sender, str)], given | _whose(sender))
    if not rows:
        return None, None
    *facts, accepted = rows[0]
    return Facts(*facts), accepted


def _accept(facts: Facts, given: dict[str, Any]) -> int | None:
    """Use the consent and store the message; None when there is no consent left, or the key has come meanwhile."""
    of_facts = {name: getattr(facts, name) for name in ("program", "application", "user", "template")}
    rows = _run(ACCEPT[facts.kind], given | of_facts)
    return rows[0][0] if rows else None


def _run(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return what a statement that accepts a message says; [] when a message with the same key was quicker."""
    try:
        # A statement by itself is a transaction; a savepoint is only for those around it, when a key is there twice.
        with transaction.atomic() if parameters["key"] else nullcontext():
            return ask(statement, parameters)
    except IntegrityError as error:
        if "message_idempotency_key_once" not in str(error):
            raise
        return []


def _template(template_id: str) -> Kept | None:
    """Return what a template in use never changes, from memory; None for a template that nobody has."""
    if (kept := _kept.get(template_id)) is None:
        row = MyTemplate.objects.filter(template_id=template_id).values_list("kind", "keywords").first()
        if row is None:
            return None
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        kept = _kept[template_id] = Kept(TemplateKind(row[0]), row[1])
    return kept


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
