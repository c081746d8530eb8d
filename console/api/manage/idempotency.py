"""A request that is sent twice with one Idempotency-Key is carried out once; the repeat gets the same answer (A-2).

But for one that may have been carried out though it failed, or whose process died: its repeats are answered 409, and
after LONGEST the key is free again, whatever was done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Min, Sum
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from console.api.manage.models import KeptAnswer, Token
from console.api.manage.problems import Problem
from console.api.manage.states import ANSWERS_KEPT, MOST_ANSWER_BYTES, MOST_ANSWERS
from console.base.core import busy
from console.base.core.errors import ActionRefused
from console.base.core.uploads import sha256_of

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,100}")
LONGEST = timedelta(minutes=15)  # that a request is under way; after that its process must have died
SAFE = ("GET", "HEAD", "OPTIONS")
REFUSALS = (Problem, ActionRefused, Http404, PermissionDenied)  # They did nothing, whatever was written down.


def once(request: HttpRequest, token: Token, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Return what `run` answers, or what it answered to the same key of the token before.

    Raises Problem 422 for a key of another request, or from before the roles of the token's holder changed (P-3), 409
    while the first one is under way, 429 where too much is kept for the token. A refusal did nothing, so it is not
    kept: the next try is a first one, and what refused it may be gone by then. So it is for a failure before anything
    was saved; after one that may have come later, the key stays.
    """
    key = request.headers.get(HEADER, "")
    if not key or request.method in SAFE:
        return run()
    if not KEY.fullmatch(key):
        raise Problem(422, f"{HEADER} takes 1 to 100 visible ASCII characters.", code="idempotency_key")
    first = {"request": _digest(request), "roles": _roles(token)}
    abandoned = timezone.now() - LONGEST
    KeptAnswer.objects.filter(token=token, key=key, status=None, created_at__lt=abandoned).delete()
    try:
        row, is_first = KeptAnswer.objects.get_or_create(token=token, key=key, defaults=first)
    except IntegrityError:  # The first one was there, was refused, and is gone.
        raise _under_way() from None
    if not is_first:
        return _again(row, **first)
    with _commits() as committed:
        try:
            _ensure_room(token)
            answer = run()
        except BaseException as error:
            if isinstance(error, REFUSALS) or not (committed or busy.can_be_saved(error)):
                row.delete()
            raise
    if answer.status_code >= 400:
        row.delete()
    else:
        kept = {"status": answer.status_code, "content_type": answer["Content-Type"], "body": answer.content}
        KeptAnswer.objects.filter(pk=row.pk).update(**kept)  # It is gone where this took longer than LONGEST.
    return answer


@contextmanager
def _commits() -> Iterator[list[bool]]:
    """Give a list that is empty until a transaction, or a statement outside of one that is no SELECT, is committed."""
    committed: list[bool] = []

    def watch(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        found = execute(sql, params, many, context)
        if connection.in_atomic_block or not str(sql).startswith("SELECT"):
            transaction.on_commit(partial(committed.append, True))  # now, where there is no transaction
        return found

    with connection.execute_wrapper(watch):
        yield committed


def _again(row: KeptAnswer, *, request: str, roles: str) -> HttpResponse:
    if row.request != request:
        raise Problem(422, f"This {HEADER} was used for another request.", code="idempotency_key")
    if row.status is None:
        raise _under_way()
    if row.roles not in ("", roles):
        words = "The first request was carried out. Its answer isn't given, as the holder's roles have changed since."
        raise Problem(422, f"{words} Look before you send it with another {HEADER}.", code="idempotency_key")
    answer = HttpResponse(bytes(row.body), status=row.status, content_type=row.content_type)
    answer[REPLAYED] = "true"
    return answer


def _ensure_room(token: Token) -> None:
    """Raise Problem 429 where the token has more answers than it may; the row of the one to come is among them."""
    at = timezone.now()
    rows = KeptAnswer.objects.filter(token=token, created_at__gt=at - ANSWERS_KEPT)
    found = rows.aggregate(rows=Count("pk"), bytes=Sum(Length("body")), oldest=Min("created_at"))
    if found["rows"] <= MOST_ANSWERS and found["bytes"] < MOST_ANSWER_BYTES:
        return
    wait = int((found["oldest"] + ANSWERS_KEPT - at).total_seconds()) + 1
    raise Problem(
        429,
        f"No more answers are kept for this token: {MOST_ANSWERS}, or {MOST_ANSWER_BYTES // 10**6} MB, within a day. "
        f"Send the request without {HEADER}, or try again in {wait} seconds.",
        code="too_many_keys",
        headers={"Retry-After": str(wait)},
    )


def _under_way() -> Problem:
    words = "The first request with this key is still under way, or the console can’t tell whether it was carried out."
    return Problem(409, words, code="in_progress", headers={"Retry-After": "2"})


def _roles(token: Token) -> str:
    """Hash what the holder is in teams and applications: all that decides what they may read."""
    holder = token.holder
    teams = sorted(holder.memberships.values_list("team_id", "role"))
    applications = sorted(holder.application_roles.values_list("application_id", "role"))
    return sha256(repr((teams, applications)).encode()).hexdigest()


def _digest(request: HttpRequest) -> str:
    """Hash what is asked: address and content, of files their content."""
    found = sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        for name, values in sorted(request.POST.lists()):
            found.update(repr((name, values)).encode())
        for name, file in sorted(request.FILES.items()):
            found.update(name.encode() + sha256_of(file))  # type: ignore[arg-type]
    else:
        found.update(request.body)
    return found.hexdigest()
