"""When there is no offline package, in the reader's words (O-1)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram


def why_not_download(program: MiniProgram) -> str:
    """Only an online version on the shelf has a package; "" when it has."""
    if not program.online_number:
        return _("No version is online. Publish one to get its offline package.")
    if not program.on_shelf:
        return _("The mini program is off the shelf, so presets don’t open. Put it back on the shelf first.")
    return ""


def not_bound(application: HostApplication) -> str:
    """Why it can't be meant for an application that is not served."""
    return _("%(application)s is no longer bound, so presets don’t open there.") % {"application": application}


def unreadable_keys() -> str:
    """Why there is no signature."""
    return _("The signing keys can’t be read. Contact an operator.")
