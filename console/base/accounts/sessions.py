"""Sessions in the database (SESSION_ENGINE): how long they last, and that they outlive a lost connection.

A session ends SESSION_DAYS after the sign-in, and SESSION_IDLE_HOURS after it was last used, whichever comes first: the
row's `expire_date` is always the earlier one, so no request asks more than Django's own look-up (P-6).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db import Error, connection
from django.utils import timezone

from console.base.core import busy

TOUCH = timedelta(minutes=1)  # between two writes of when a session was last used
PROOFS = "account_authentication_methods"  # allauth's list in the session: how and when its person proved themselves


def end_of(data: dict[str, Any], *, at: datetime) -> tuple[datetime, bool]:
    """Return when a session with this content, used at the time `at`, ends; and whether for want of use."""
    proofs = data.get(PROOFS) or []
    began = datetime.fromtimestamp(proofs[0]["at"], UTC) if proofs else at
    last = began + timedelta(days=settings.SESSION_DAYS)
    idle = at + timedelta(hours=settings.SESSION_IDLE_HOURS)
    return min(last, idle), idle < last


class SessionStore(DatabaseStore):
    """Django's own, but where the database is busy or away at the end of a request, its answer goes out all the same.

    By then the change is committed; Django would answer that the request was bad, and people would repeat it.
    """

    is_new = False
    expires: datetime | None = None  # as it was read

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row; it lasts as `end_of` says, whatever the cookie does."""
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        row.expire_date = end_of(data, at=timezone.now())[0]
        return row

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc]
        self.expires = row.expire_date if row else None
        return row

    def cycle_key(self) -> None:
        """Take another key; what is known of the sign-in goes with it."""
        before = self.session_key
        super().cycle_key()
        if SESSION_KEY in self:
            # The engine is loaded before the models are.
            from console.base.accounts.models import SecurityEntry, UserSession

            UserSession.objects.filter(session_key=before).update(session_key=self.session_key)
            mine = SecurityEntry.objects.filter(user=self[SESSION_KEY], session_key=before)
            mine.update(session_key=self.session_key)

    def prolong(self, *, at: datetime) -> bool:
        """Note in the row that the session is used, at most once a minute.

        Return whether that is due for what else is known of it; in its last hours always, as nothing moves then.
        """
        if self.expires is None:
            return False
        ends, is_idle = end_of(self._session, at=at)  # type: ignore[attr-defined]
        if not is_idle:
            return True
        if ends - self.expires < TOUCH:
            return False
        Session.objects.filter(session_key=self.session_key).update(expire_date=ends)
        return True

    def create(self) -> None:
        """Begin a session; a sign-in is what does."""
        super().create()
        self.is_new = True

    def save(self, must_create: bool = False) -> None:
        """Save, and once more over another connection when that failed; then go on without: a toast may be lost.

        Not for a new session: who signs in would be sent to a page that asks to sign in. Raises the database's error
        then, and UpdateError, as Django's does, for a session that was ended meanwhile.
        """
        if self.session_key is None:
            return self.create()
        try:
            self._save(must_create)
        except Error as error:
            if not busy.passes(error) or connection.in_atomic_block:
                raise
            busy.renew_connection()
            try:
                self._save(must_create)
            except Error as again:
                if not busy.passes(again) or must_create or self.is_new:
                    raise
                busy.note(again, "A session was not saved")
        return None

    def _save(self, must_create: bool) -> None:
        """Save as Django does, but raise the database's own error, which Django gives the name of another."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, Error) and busy.passes(error.__context__):
                raise error.__context__ from error.__context__.__cause__
            raise
