"""Files that become versions later, by a call that names their address (A-5).

Read and repacked by the verb of the pages, at that call; what a package was refused for is kept with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.api.manage import rules, uploads
from console.api.manage.models import UploadedPackage
from console.base.accounts.models import User
from console.base.core.errors import ActionRefused, Conflict, refuse_if
from console.base.core.files import refusing_unwritable, temporary
from console.base.core.uploads import LostUpload
from miniprograms.models import MiniProgram
from releases import actions
from releases.inspection import package_limits
from releases.models import package_storage

GOOD_FOR = timedelta(hours=12)
LONGEST = timedelta(minutes=15)  # that a version is made; after that its process must have died
ADDRESS = re.compile(r"/api/v1/programs/(?P<app_id>[A-Za-z0-9_-]{1,40})/uploads/(?P<key>[A-Za-z0-9_-]{43})")


def address_of(upload: UploadedPackage) -> str:
    """Return the address by which a call names the file; nothing is served there."""
    return f"{settings.BASE_URL}/api/v1/programs/{upload.mini_program.app_id}/uploads/{upload.key}"


def named_by(address: str, program: MiniProgram, *, at: datetime | None = None) -> UploadedPackage | None:
    """Return the program's file with this address; None for any other address, and for one that is too old."""
    found = ADDRESS.fullmatch(address.removeprefix(settings.BASE_URL))
    if not found or not address.startswith(settings.BASE_URL) or found["app_id"] != program.app_id:
        return None
    since = (at or timezone.now()) - GOOD_FOR
    return UploadedPackage.objects.filter(mini_program=program, key=found["key"], created_at__gt=since).first()


def keep(program: MiniProgram, *, file: UploadedFile, at: datetime | None = None) -> UploadedPackage:
    """Keep a file for a call that follows; raises ActionRefused for one that is too large, or when nothing is written.

    The row comes first: what a crash leaves is found by it.
    """
    size, most = file.size or 0, package_limits().upload_size
    refuse_if(file.why if isinstance(file, LostUpload) else "", "file")
    refuse_if(_("The file is empty.") if not size else "", "file")
    refuse_if(_("The file must not exceed %(most)d bytes.") % {"most": most} if size > most else "", "file")
    row = _announced(program, size=size, at=at or timezone.now())
    try:
        with refusing_unwritable("file"):
            package_storage().put(row.path, file.file)  # type: ignore[arg-type]
    except BaseException:
        row.delete()
        raise
    return row


@transaction.atomic
def _announced(program: MiniProgram, *, size: int, at: datetime) -> UploadedPackage:
    """Return the row of a file that comes; of those that come at a time, each counts for the next."""
    MiniProgram.objects.select_for_update(no_key=True).get(pk=program.pk)
    refuse_if(rules.why_no_more_uploads(program), "file")
    return UploadedPackage.objects.create(mini_program=program, size=size, created_at=at)


def make_version(upload: UploadedPackage, *, number: tuple[int, int, int], notes: str, by: User) -> UploadedPackage:
    """Make the file a version; what the package is refused for is in `failure`, and the file is gone either way.

    The same call once more changes nothing. Raises Conflict for a file that was used for another number.
    """
    words = ".".join(map(str, number))
    mine = UploadedPackage.objects.filter(pk=upload.pk, begun_at=None)
    if not mine.update(begun_at=timezone.now(), number=words):
        upload.refresh_from_db()
        if upload.number != words:
            raise Conflict(_("This file was used for version %(number)s. Upload it again.") % {"number": upload.number})
        return upload
    upload.failure = _unfinished()
    try:
        with _read(upload) as content:
            upload.version = actions.upload(upload.mini_program, file=content, number=number, notes=notes, by=by)
            upload.failure = ""
    except ActionRefused as refused:
        upload.failure = uploads.refusal_of(refused.message, getattr(refused, "inspection", None))
    finally:
        upload.begun_at, upload.number = timezone.now(), words
        upload.save(update_fields=["begun_at", "number", "version", "failure"])
        with suppress(OSError):  # It goes with the row.
            package_storage().delete(upload.path)
    return upload


def why_failed(upload: UploadedPackage, *, at: datetime | None = None) -> str:
    """Return why no version was made; "" when one was, or may still be."""
    died = upload.begun_at is not None and upload.begun_at < (at or timezone.now()) - LONGEST
    return upload.failure or (_unfinished() if died and not upload.version_id else "")


def _unfinished() -> str:
    return _("The console couldn’t finish this. Upload the file again.")


@contextmanager
def _read(upload: UploadedPackage) -> Iterator[BinaryIO]:
    """Give a temporary copy of the file, in which one can seek; raises ActionRefused when there is no room."""
    with temporary("file", TemporaryFile) as content:
        with refusing_unwritable("file"), closing(package_storage().part(upload.path, range(upload.size))) as part:
            content.writelines(part)
            content.seek(0)
        yield content
