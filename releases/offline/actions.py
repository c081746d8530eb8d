"""The one verb of offline packages (O-1, O-2)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if
from console.base.core.files import Part
from console.base.hosts.models import HostApplication
from miniprograms.actions import lock
from miniprograms.models import MiniProgram
from releases.models import Version
from releases.offline import rules
from releases.offline.events import OfflineDownloaded
from releases.reading import opened


def download(
    program: MiniProgram, *, application: HostApplication | None, by: User, at: datetime | None = None
) -> tuple[Version, Part]:
    """Return the online version and its bytes, opened; each time is on record, with the application it is meant for.

    Raises ActionRefused without a package (O-1), for an application that is not bound, and when the storage fails;
    Conflict when another version comes online meanwhile.
    """
    opened_for = _downloadable(MiniProgram.objects.get(pk=program.pk), application)
    content = opened(opened_for.package)
    try:
        with transaction.atomic():
            version = _downloadable(lock(program), application)
            if version != opened_for:
                words = _("%(version)s is online now. Download the package again.")
                raise Conflict(words % {"version": version.number})
            emit(OfflineDownloaded(version, application=application, by=by, at=at))
    except BaseException:
        content.close()
        raise
    return version, content


def _downloadable(program: MiniProgram, application: HostApplication | None) -> Version:
    """Return the online version; raises ActionRefused where there is nothing to download, or nobody for it."""
    refuse_if(rules.why_not_download(program))
    if application and not program.bindings.bound().filter(application=application).exists():
        raise ActionRefused(rules.not_bound(application), field="application")
    version = program.versions.online().select_related("package").get()
    version.mini_program = program
    return version


def file_name(program: MiniProgram, number: str) -> str:
    """Return the name of the file: `{miniAppId}_{miniAppVersion}.apkg` (O-1)."""
    return f"{program.app_id}_{number}.apkg"
