"""Sessions in the database (SESSION_ENGINE) that outlive a lost connection."""

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import Error, connection

from console.base.core import busy


class SessionStore(DatabaseStore):
    """Django's own, but where the database is busy or away at the end of a request, its answer goes out all the same.

    By then the change is committed; Django would answer that the request was bad, and people would repeat it.
    """

    is_new = False

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
