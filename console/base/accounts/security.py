"""The security log of an account, and the mails about it that nobody can switch off (P-6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import devices
from console.base.accounts.authentication import how
from console.base.accounts.models import SecurityEntry, User, UserSession
from console.base.accounts.notifying import post_mail
from console.base.accounts.readers import read_by
from console.base.accounts.states import FAILURES, SecurityKind
from console.base.activity.middleware import source
from console.base.core.proxies import client_address

TOGETHER = timedelta(minutes=10)  # failures from one address within it are one entry
LOOKED_AT = 20  # of the newest entries, for one that a failure adds to


def note(
    user: User | None,
    kind: SecurityKind,
    *,
    request: HttpRequest | None = None,
    by: Any = None,
    at: datetime | None = None,
    email: str = "",
    detail: str = "",
    **fields: Any,
) -> SecurityEntry:
    """Write an entry; failures from one address within some minutes become one with a count.

    `by` is who did it, where that may be somebody else: the person does not read from where others work.
    """
    at = at or timezone.now()
    own = None if by and by != user else source.get().address
    address = client_address(request.META) if request else own
    entry = SecurityEntry(
        user=user,
        kind=kind,
        at=at,
        email=(email or (user.email if user else ""))[:254],
        address=address,
        network=devices.network_of(address),
        agent=devices.agent_of(request) if request else "",
        detail=detail[:300],
        **fields,
    )
    if kind in FAILURES and (earlier := _counted(entry)):
        return earlier
    entry.save(force_insert=True)
    return entry


def _counted(entry: SecurityEntry) -> SecurityEntry | None:
    """Count the failure in an entry that is young enough, where there is one."""
    same = (entry.email, entry.kind, entry.address)
    for young in SecurityEntry.objects.filter(user=entry.user).order_by("-pk")[:LOOKED_AT]:
        if (young.email, young.kind, young.address) == same and young.at > entry.at - TOGETHER:
            SecurityEntry.objects.filter(pk=young.pk).update(count=F("count") + 1)
            return young
    return None


@transaction.atomic
def begin_session(request: HttpRequest, user: User, *, at: datetime | None = None) -> None:
    """Note a sign-in: its session, its entry, and whether the person has to say that it was them."""
    if not request.session.session_key:  # It was somebody else's, and Django has emptied it.
        request.session.create()
    at, network = at or timezone.now(), devices.network_of(client_address(request.META))
    earlier = SecurityEntry.objects.filter(user=user, kind=SecurityKind.SIGNED_IN)
    is_new = bool(network) and earlier.exists() and not earlier.filter(network=network).exists()
    session, _made = UserSession.objects.update_or_create(  # who signs in once more keeps the row, by another key
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "signed_in_at": at,
            "last_used_at": at,
            "address": client_address(request.META),
            "agent": devices.agent_of(request),
            "method": how(request, user)[:40],
            "first_time": is_new,
        },
    )
    signed_in: dict[str, Any] = {"detail": session.method, "session_key": session.session_key, "asks": is_new}
    note(user, SecurityKind.SIGNED_IN, request=request, at=at, **signed_in)
    if is_new and not devices.name_for(request, user):
        mail(user, SecurityKind.SIGNED_IN, at=at, address=session.address, device=devices.describe(session.agent))


USED = """
    INSERT INTO accounts_usersession AS kept
        (user_id, session_key, signed_in_at, last_used_at, address, agent, method, first_time)
    VALUES (%s, %s, %s, %s, %s, %s, '', false)
    ON CONFLICT (session_key) DO UPDATE SET last_used_at = excluded.last_used_at, address = excluded.address
    WHERE kept.last_used_at <= excluded.last_used_at - interval '1 minute'
"""


def note_used(request: HttpRequest, user: User, *, signed_in_at: datetime, at: datetime) -> None:
    """Note that the session is used, at most once a minute; also one that the release before this one began."""
    values = [
        user.pk,
        request.session.session_key,
        signed_in_at,
        at,
        client_address(request.META),
        devices.agent_of(request),
    ]
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(USED, values)


def mail(user: User, kind: SecurityKind, *, to: Iterable[str] = (), **context: Any) -> None:
    """Mail the person, in their language, what happened to their account: whatever they chose to be notified of.

    `to` is where, when it is not the account's own address. Inside the transaction of the change.
    """
    with read_by(user):
        words = {
            "user": user,
            "kind": kind.value,
            "what": kind.label,
            "at": timezone.now(),
            "address": source.get().address,
            "url": urljoin(settings.BASE_URL, reverse("mfa_index")),
            **context,
        }
        for email in to or [user.email]:
            body = render_to_string("accounts/mail/security.txt", {**words, "email": email}).strip() + "\n"
            subject = render_to_string("accounts/mail/security_subject.txt", words).strip()
            post_mail(to=email, subject=subject, body=body)
