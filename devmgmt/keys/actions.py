"""The verbs of AppSecrets (K-2). A secret itself is in what `generate` and `reset` return, and nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Least
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.actions import members_with, notify
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.verbs import Verb
from console.base.core import times
from console.base.core.errors import Overtaken, Refused
from devmgmt.keys import rules
from devmgmt.keys.models import AccessToken, AppSecret
from devmgmt.keys.states import Overlap
from miniprograms.actions import lock, touch, write_entry
from miniprograms.models import MiniProgram


class Secret(str):
    """A secret on its way to the one answer that shows it; its `repr` doesn't, so that no traceback can."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<secret …{self[-4:]}>"


class Made(NamedTuple):
    """A new row, and the secret that it keeps the hash of."""

    row: AppSecret
    secret: Secret


@transaction.atomic
def generate(program: MiniProgram, *, by: User, reason: str = "") -> Made:
    """Make a program's first secret; raises Refused when it has one."""
    program, at = lock(program), timezone.now()
    if refusal := rules.why_not_generate(_current(program)):
        raise Refused(refusal)
    made = _make(program, by=by, at=at, frozen_at=None)
    touch(program, Verb.SECRET_GENERATED)
    _note(Verb.SECRET_GENERATED, program, made.row, by=by, after={"secret": str(made.row)}, reason=reason)
    _tell(program, gettext_lazy("The AppSecret of %(program)s was generated"), by=by, detail=lambda: reason)
    return made


@transaction.atomic
def reset(program: MiniProgram, *, seen: int, overlap: Overlap, reason: str, by: User) -> Made:
    """Replace the secret whose row is `seen`; raises Overtaken when that is not the current one any more.

    Earlier secrets end after the overlap, none of them later than it would have. At once means that all access tokens
    end, too: they may be a thief's. With an overlap they keep their own end. What is frozen stays frozen.
    """
    program, at = lock(program), timezone.now()
    current = _current(program)
    if current is None:
        raise Refused(rules.why_not_reset(current))
    if current.pk != seen:
        raise Overtaken(_("The secret was reset since you opened this. Nothing was changed; look at the page first."))
    _refuse_unexplained(reason)
    ends_at, usable = at + timedelta(hours=overlap), _usable(program, at=at)
    AppSecret.objects.filter(pk__in=usable).update(ends_at=Least("ends_at", Value(ends_at, DateTimeField())))
    if not overlap:
        AccessToken.objects.filter(mini_program=program).alive(at=at).update(ended_at=at)
    made = _make(program, by=by, at=at, frozen_at=current.frozen_at)
    before, after = {"secret": str(current)}, {"secret": str(made.row), "overlap": int(overlap)}
    touch(program, Verb.SECRET_RESET)
    _note(Verb.SECRET_RESET, program, made.row, by=by, before=before, after=after, reason=reason)
    words = gettext_lazy("The old one is refused since %(time)s.")
    if overlap:
        words = gettext_lazy("The old one works until %(time)s.")
    _tell(
        program,
        gettext_lazy("The AppSecret of %(program)s was reset"),
        by=by,
        detail=lambda: f"{str(words) % {'time': times.full(ends_at)}}\n{reason}",
    )
    return made


@transaction.atomic
def freeze(program: MiniProgram, *, reason: str, by: User) -> AppSecret:
    """Refuse every use of the program's secrets and tokens from now on; raises Overtaken when they are frozen."""
    program, at = lock(program), timezone.now()
    current = _current(program)
    if refusal := rules.why_not_freeze(current):
        raise Overtaken(refusal)
    _refuse_unexplained(reason)
    row = _set_frozen(program, at, Verb.SECRET_FROZEN, by=by, reason=reason)
    _tell(program, gettext_lazy("The AppSecret of %(program)s was frozen"), by=by, detail=lambda: reason)
    return row


@transaction.atomic
def unfreeze(program: MiniProgram, *, by: User, reason: str = "") -> AppSecret:
    """Let what was frozen and has not ended meanwhile work again; raises Overtaken when nothing is frozen."""
    program = lock(program)
    if refusal := rules.why_not_unfreeze(_current(program)):
        raise Overtaken(refusal)
    row = _set_frozen(program, None, Verb.SECRET_UNFROZEN, by=by, reason=reason)
    _tell(program, gettext_lazy("The AppSecret of %(program)s was unfrozen"), by=by, detail=lambda: reason)
    return row


def _current(program: MiniProgram) -> AppSecret | None:
    return AppSecret.objects.current().filter(mini_program=program).first()


def _usable(program: MiniProgram, *, at: datetime) -> list[int]:
    """Lock what tokens are issued for, as `tokens.issue` does: a token is made before this move or after it."""
    return list(AppSecret.objects.held(program, at=at).values_list("pk", flat=True))


def _refuse_unexplained(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Say why: the other administrators will read it."), field="note")


def _make(program: MiniProgram, *, by: User, at: datetime, frozen_at: datetime | None) -> Made:
    secret = Secret(secrets.token_hex(16))
    kept = {"sha256": sha256(secret.encode()).hexdigest(), "hint": secret[-4:]}
    row = AppSecret.objects.create(mini_program=program, created_at=at, created_by=by, frozen_at=frozen_at, **kept)
    return Made(row, secret)


def _set_frozen(program: MiniProgram, at: datetime | None, verb: Verb, *, by: User, reason: str) -> AppSecret:
    """Freeze (`at`) or unfreeze (None) all secrets of the program: a token of one that has ended may still live."""
    _usable(program, at=timezone.now())
    AppSecret.objects.filter(mini_program=program).update(frozen_at=at)
    row = AppSecret.objects.current().get(mini_program=program)
    states = ("active", "frozen") if at else ("frozen", "active")
    before, after = ({"state": state, "secret": str(row)} for state in states)
    touch(program, verb)
    _note(verb, program, row, by=by, before=before, after=after, reason=reason)
    return row


def _note(verb: Verb, program: MiniProgram, row: AppSecret, *, by: User, reason: str, **values: Any) -> None:
    write_entry(verb, program, by=by, on=row, label=str(program), reason=reason.strip(), **values)


def _tell(program: MiniProgram, text: Promise, *, by: User, detail: Callable[[], str]) -> None:
    """Tell the team's other administrators."""
    notify(
        [user for user in members_with(program.team, Permission.ADMINISTER) if user != by],
        kind=NotificationKind.KEYS,
        text=lambda: str(text) % {"program": program},
        detail=lambda: detail().strip(),
        url=reverse("keys:keys", args=[program.app_id]),
    )
