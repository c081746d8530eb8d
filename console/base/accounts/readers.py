"""Words as one person reads them: in their language, with times of their zone."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone, translation

from console.base.accounts.models import User
from console.base.core import zones


@contextmanager
def read_by(user: User) -> Iterator[None]:
    """Write for `user`, for mails and notifications; who has chosen no zone gets the platform's (P-9).

    They may be written in another person's request: the language and zone of that person must not be used.
    """
    zone = zones.zone_of(user.time_zone) or timezone.get_default_timezone()
    with translation.override(user.language or settings.LANGUAGE_CODE), timezone.override(zone):
        yield
