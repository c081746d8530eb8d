"""What an error of the database means: busy or away, which pass by themselves, or a fault, which does not."""

from __future__ import annotations

import logging

import psycopg
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout, TooManyRequests

RETRY_AFTER = "2"  # seconds, for people and servers; a lock is waited for about as long

# SQLSTATEs, see PostgreSQL's appendix A. In all of them the transaction was rolled back for certain.
OTHERS = {"55P03", "40P01", "40001"}  # lock_timeout, deadlock, serialization: someone else has the row
SLOW = {"57014", "25P03", "53300"}  # statement_timeout, idle in transaction too long, too many connections
STANDBY = {"25006"}  # read only: the address leads to a former primary, for as long as a fail-over takes
FULL = {"53100", "53200"}  # disk, memory: until an operator, or other sessions, have made room
ENDED = {"57P01", "57P02", "57P03"}  # the server shuts down, crashed, or starts

logger = logging.getLogger(__name__)


def is_busy(error: BaseException) -> bool:
    """Whether a wait timed out: nothing of the transaction was saved, and the same may work in a moment."""
    state = _state(error)
    return state in OTHERS | SLOW | STANDBY | FULL or isinstance(_cause(error), PoolTimeout | TooManyRequests)


def is_away(error: BaseException) -> bool:
    """Whether the connection was lost or refused; if that was during COMMIT, the change may be saved."""
    cause = _cause(error)
    if isinstance(error, InterfaceError) or isinstance(cause, psycopg.InterfaceError):
        return "connection" in str(error)  # not a bug of ours about a closed cursor
    state = _state(error)
    if state:
        return state in ENDED or state.startswith("08")
    # Without a SQLSTATE the words are libpq's own, not the server's: there was no answer any more.
    lost = isinstance(error, OperationalError | psycopg.OperationalError)
    return lost and not isinstance(cause, PoolTimeout | TooManyRequests)


def passes(error: BaseException) -> bool:
    """Whether it is worth to try again."""
    return is_busy(error) or is_away(error)


def can_be_saved(error: BaseException) -> bool:
    """Whether the connection was lost, perhaps during COMMIT: in this error, or in one before it that this one hides.

    That is the case of a page that could not be drawn for an error.
    """
    return any(is_away(one) for one in _chain(error))


def sentence(error: BaseException, *, may_be_saved: bool | None = None) -> str:
    """Say what is wrong and what became of the change.

    Unless the caller knows better, `can_be_saved` tells what may be.
    """
    if can_be_saved(error) if may_be_saved is None else may_be_saved:
        return _(
            "The database stopped responding, so the console can’t confirm that this was saved. Check before you "
            "try again."
        )
    if _state(error) in OTHERS:
        return _("Someone else is changing this right now. Nothing was saved. Try again.")
    if is_away(error):
        return _("The database isn’t responding. Nothing was saved. Try again in a moment.")
    return _("The console is busy. Nothing was saved. Try again in a moment.")


def brief(error: BaseException) -> str:
    """Return what the log says of it, without the error's own words: “busy: LockNotAvailable 55P03”."""
    return f"{'busy' if is_busy(error) else 'away'}: {type(_cause(error)).__name__} {_state(error)}".rstrip()


def note(error: BaseException, what: str) -> None:
    """Log one line: thousands of these come from one locked row. What does not pass is logged with its places."""
    what = what.encode("unicode_escape").decode("ascii")  # A path may hold line breaks.
    if passes(error):
        logger.warning("%s, the database is %s", what, brief(error))
    else:
        logger.error(what, exc_info=error)


def renew_connection() -> None:
    """Give a lost connection back, so that the next query gets another one.

    Inside a transaction, as in most tests, the connection is whose who opened that.
    """
    if not (connection.in_atomic_block or connection.is_usable()):
        connection.close()


def _cause(error: BaseException) -> BaseException:
    """Return psycopg's own error, which Django wraps; COPY gives it bare."""
    return error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error


def _state(error: BaseException) -> str:
    return getattr(_cause(error), "sqlstate", None) or ""


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__context__
    return chain
