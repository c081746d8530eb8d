"""What a verb raises when it may not be done."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction


class ActionRefused(Exception):
    """A verb was refused; `message` says why in the reader's words, `field` names the input that it is about."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Conflict(ActionRefused):
    """Someone else was first: the row is no longer in the state that the verb starts from."""


class TemporarilyRefused(ActionRefused):
    """It is the console's own trouble, such as a storage that fails: the same may work in a minute."""


class TooManyAtOnce(TemporarilyRefused):
    """As many as may do this at a time are doing it now."""


def refuse_if(reason: str, field: str | None = None) -> None:
    """Raise `ActionRefused` where a rule gives a reason; `field` names the input that it is about."""
    if reason:
        raise ActionRefused(reason, field=field)


class ServerRefused(Exception):
    """What a mini program's server asked for was refused: one of WeChat's errcodes, and what is wrong in English.

    `status` is that of HTTP where it is neither 200 nor the errcode's own.
    """

    def __init__(self, errcode: int, detail: str = "", *, status: int = 200) -> None:
        super().__init__(f"{errcode} {detail}".strip())
        self.errcode = errcode
        self.detail = detail
        self.status = status


@contextmanager
def refusing_duplicate(constraint: str, message: str, *, field: str) -> Iterator[None]:
    """Raise `ActionRefused` beside `field` for a row that `constraint` forbids; the transaction around goes on."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        raise ActionRefused(message, field=field) from error
