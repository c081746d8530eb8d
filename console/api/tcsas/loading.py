"""From parameters of the SDK to rows, by the loaders of the pages (A-5)."""

from __future__ import annotations

from console.api.tcsas.schema import OfProgram, OfVersion
from console.base.accounts.access import row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases.models import Version


def program_of(user: User, permission: Permission, asked: OfProgram) -> MiniProgram:
    """Return the mini program; 404 and 403 as the pages have them."""
    return mini_program_for(user, permission, asked.mnp_id)


def version_of(user: User, permission: Permission, asked: OfVersion) -> Version:
    """Return the version with its program; 404 and 403 as the pages have them."""
    rows = Version.objects.select_related("package", "uploaded_by", "mini_program")
    version = row_or_404(rows, pk=asked.mnp_version_id)
    version.mini_program = mini_program_for(user, permission, version.mini_program.app_id)
    return version
