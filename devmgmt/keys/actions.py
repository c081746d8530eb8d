"""The verbs of AppSecrets (K-2). A secret itself is in what `generate` and `reset` return, and nowhere else."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if
from devmgmt.keys import events, rules
from devmgmt.keys.models import AccessToken, AppSecret
from devmgmt.keys.states import Overlap
from miniprograms.actions import lock
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
def generate(program: MiniProgram, *, by: User, reason: str = "", at: datetime | None = None) -> Made:
    """Make a program's first secret; raises ActionRefused when it has one."""
    program, at = lock(program), at or timezone.now()
    refuse_if(rules.why_not_generate(_current(program)))
    made = _make(program, by=by, at=at, frozen_at=None)
    emit(events.SecretGenerated(made.row, by=by, at=at, after={"secret": str(made.row)}, reason=reason.strip()))
    return made


@transaction.atomic
def reset(
    program: MiniProgram, *, seen: int, overlap: Overlap, reason: str, by: User, at: datetime | None = None
) -> Made:
    """Replace the secret whose row is `seen`; raises Conflict when that is not the current one any more.

    Earlier secrets end after the overlap, none of them later than it would have. At once means that all access tokens
    end, too: they may be a thief's. With an overlap they keep their own end. What is frozen stays frozen.
    """
    program, at = lock(program), at or timezone.now()
    current = _current(program)
    if current is None:
        raise ActionRefused(rules.why_not_reset(current))
    if current.pk != seen:
        raise Conflict(
            _("The secret was reset after you opened this page, so nothing was changed. Check the page first.")
        )
    _refuse_unexplained(reason)
    ends_at, usable = at + timedelta(hours=overlap), _usable(program, at=at)
    AppSecret.objects.filter(pk__in=usable).update(ends_at=Least("ends_at", Value(ends_at, DateTimeField())))
    if not overlap:
        AccessToken.objects.filter(mini_program=program).active(at=at).update(ended_at=at)
    made = _make(program, by=by, at=at, frozen_at=current.frozen_at)
    before, after = {"secret": str(current)}, {"secret": str(made.row), "overlap": int(overlap)}
    values = {"before": before, "after": after, "reason": reason.strip()}
    emit(events.SecretReset(made.row, ends_at=ends_at, by=by, at=at, **values))
    return made


@transaction.atomic
def freeze(program: MiniProgram, *, reason: str, by: User, at: datetime | None = None) -> AppSecret:
    """Refuse every use of the program's secrets and tokens from now on; raises Conflict when they are frozen."""
    program, at = lock(program), at or timezone.now()
    current = _current(program)
    if refusal := rules.why_not_freeze(current):
        raise Conflict(refusal)
    _refuse_unexplained(reason)
    return _set_frozen(program, events.SecretFrozen, by=by, at=at, reason=reason)


@transaction.atomic
def unfreeze(program: MiniProgram, *, by: User, reason: str = "", at: datetime | None = None) -> AppSecret:
    """Let what was frozen and has not ended meanwhile work again; raises Conflict when nothing is frozen."""
    program, at = lock(program), at or timezone.now()
    if refusal := rules.why_not_unfreeze(_current(program)):
        raise Conflict(refusal)
    return _set_frozen(program, events.SecretUnfrozen, by=by, at=at, reason=reason)


def _current(program: MiniProgram) -> AppSecret | None:
    return AppSecret.objects.current().filter(mini_program=program).first()


def _usable(program: MiniProgram, *, at: datetime) -> list[int]:
    """Lock what tokens are issued for, as `tokens.issue` does: a token is made before this move or after it."""
    return list(AppSecret.objects.held(program, at=at).values_list("pk", flat=True))


def _refuse_unexplained(reason: str) -> None:
    if not reason.strip():
        raise ActionRefused(_("Enter a reason. The other administrators will see it."), field="note")


def _make(program: MiniProgram, *, by: User, at: datetime, frozen_at: datetime | None) -> Made:
    secret = Secret(secrets.token_hex(16))
    kept = {"sha256": sha256(secret.encode()).hexdigest(), "hint": secret[-4:]}
    row = AppSecret.objects.create(mini_program=program, created_at=at, created_by=by, frozen_at=frozen_at, **kept)
    return Made(row, secret)


def _set_frozen(
    program: MiniProgram, event: type[events.SecretEvent], *, by: User, at: datetime, reason: str
) -> AppSecret:
    """Freeze or unfreeze all secrets of the program: a token of one that has ended may still live."""
    freezes = event is events.SecretFrozen
    _usable(program, at=at)
    AppSecret.objects.filter(mini_program=program).update(frozen_at=at if freezes else None)
    row = AppSecret.objects.current().get(mini_program=program)
    row.mini_program = program
    states = ("active", "frozen") if freezes else ("frozen", "active")
    before, after = ({"state": state, "secret": str(row)} for state in states)
    emit(event(row, by=by, at=at, before=before, after=after, reason=reason.strip()))
    return row
