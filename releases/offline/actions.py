"""The one verb of offline packages (O-1, O-2)."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.files import File
from django.db import transaction

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, refuse_if
from console.base.hosts.models import HostApplication
from miniprograms.actions import lock
from miniprograms.models import MiniProgram
from releases.models import Version
from releases.offline import rules
from releases.offline.events import OfflineDownloaded
from releases.rules import unreadable_package

logger = logging.getLogger(__name__)


@transaction.atomic
def download(
    program: MiniProgram, *, application: HostApplication | None, by: User, at: datetime | None = None
) -> tuple[Version, File[bytes]]:
    """Return the online version and its bytes, opened; each time is on record, with the application it is meant for.

    Raises ActionRefused without a package (O-1), for an application that is not bound, and when the storage fails.
    """
    program = lock(program)
    refuse_if(rules.why_not_download(program))
    if application and not program.bindings.bound().filter(application=application).exists():
        raise ActionRefused(rules.not_bound(application), field="application")
    version = program.versions.online().select_related("package").get()
    version.mini_program = program
    emit(OfflineDownloaded(version, application=application, by=by, at=at))
    try:
        return version, version.package.file.open("rb")
    except OSError as error:
        logger.exception(
            "package %s can't be read from PACKAGE_ROOT: run manage.py packages verify", version.package.sha256
        )
        raise ActionRefused(unreadable_package()) from error


def file_name(program: MiniProgram, number: str) -> str:
    """Return the name of the file: `{miniAppId}_{miniAppVersion}.apkg` (O-1)."""
    return f"{program.app_id}_{number}.apkg"
