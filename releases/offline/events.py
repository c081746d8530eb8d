"""What happens to offline packages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from console.base.activity.fields import Field, Hash
from console.base.hosts.models import HostApplication
from releases.events import VersionEvent
from releases.models import Version


class OfflineDownloaded(VersionEvent):
    name, icon, colour = "offline.downloaded", "download", "secondary"
    log = _("Offline package downloaded")
    in_list = ""  # only looked at
    fields = {"application": Field(_("Host app")), "package": Hash(_("Package")), "version": Field(_("Version"))}
    kept = True  # which presets are in the field
    application: HostApplication | None = None

    def __init__(self, on: Version, *, application: HostApplication | None, **values: Any) -> None:
        after: dict[str, Any] = {"version": on.number, "package": on.package.sha256}
        after["application"] = application.name if application else None
        super().__init__(on, after=after, **values)
        self.application = application

    def belongs(self) -> dict[str, Any]:
        meant = {"application_id": self.application.application_id} if self.application else {}
        return super().belongs() | meant
