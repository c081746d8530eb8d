"""When this installation was last backed up, as far as it knows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core import times
from console.platform.models import Backup
from console.platform.services import Service
from console.platform.trouble import Level, Trouble

OLD = timedelta(days=2)  # for a backup that is made each day
COMMAND = "manage.py backup FOLDER"


def last(*, at: datetime) -> Service:
    """Return what is known at the time `at`; nothing where `manage.py backup` made none. Raises DatabaseError."""
    key, name, icon = "backup", _("Last backup"), "archive"
    row = Backup.objects.first()
    if row is None:
        return Service(key, name, icon, (_("Not known"),), is_known=False)
    facts = (times.exact(row.taken_at), filesizeformat(row.size))
    return Service(key, name, icon, facts, _too_old(row, at) or _incomplete(row))


def _too_old(row: Backup, at: datetime) -> Trouble | None:
    if row.taken_at > at - OLD:
        return None
    days = (at - row.taken_at).days
    title = ngettext("The last backup is %(days)d day old", "The last backup is %(days)d days old", days)
    mend = _("Run it every day, and check why it stopped.")
    return Trouble(title % {"days": days}, mend, (COMMAND,), since=row.taken_at, level=Level.NOTE)


def _incomplete(row: Backup) -> Trouble | None:
    if not row.faults:
        return None
    title = ngettext("The last backup lacks %(count)d file", "The last backup lacks %(count)d files", row.faults)
    mend = _("They are missing in the storage. Find them, then restore them from an earlier backup.")
    return Trouble(title % {"count": row.faults}, mend, ("manage.py packages verify",), level=Level.NOTE)
