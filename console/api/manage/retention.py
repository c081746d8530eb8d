"""How long what helps requests is kept: a day; what is known of uploads: 90 days."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.api.manage.models import KeptAnswer, LoginRequest, Upload, UploadedPackage
from console.api.manage.states import ANSWERS_KEPT
from console.base.core.files import AWAY
from console.base.core.retention import Kind, Place, of_moment, register
from releases.models import package_storage

AT_ONCE = 50  # files of a step: each is a call of the storage, over the network

logger = logging.getLogger(__name__)


def _files(at: datetime, days: int, place: Place) -> Iterator[int]:
    """Delete files that became no version, then what is known of them; a file that can't be deleted keeps its row.

    It is tried once in a pass, so newer ones have their turn. Nothing is asked on of a storage that does not respond.
    """
    old = UploadedPackage.objects.filter(created_at__lt=at - timedelta(days=days)).order_by("pk")
    failed = is_away = False
    while not is_away and (rows := list(old.filter(pk__gt=place.id)[:AT_ONCE])):
        gone: list[int] = []
        for row in rows:
            try:
                package_storage().delete(row.path)
                gone.append(row.pk)
            except OSError as error:
                if not failed:
                    logger.exception("an uploaded file can't be deleted")
                failed, is_away = True, error.errno in AWAY
                if is_away:
                    break
            place.id = row.pk
        UploadedPackage.objects.filter(pk__in=gone).delete()
        yield len(gone)


def _oldest() -> datetime | None:
    return UploadedPackage.objects.order_by("created_at").values_list("created_at", flat=True).first()


register(
    of_moment("kept_answers", _("Saved responses to repeated requests"), ANSWERS_KEPT.days, KeptAnswer, "created_at")
)
register(of_moment("uploads", _("Uploads by API"), 90, Upload, "at"))
TABLE = UploadedPackage._meta.db_table
register(Kind("waiting_files", _("Uploaded packages without a version"), 1, TABLE, _files, _oldest))
register(of_moment("login_requests", _("Sign-ins of command-line tools"), 1, LoginRequest, "created_at"))
