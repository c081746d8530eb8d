"""Why a move of a version's lifecycle is refused, in words; "" when it may be done.

The verbs raise these sentences and the pages show them under the disabled button, so both always agree.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from miniprograms.models import MiniProgram
from releases.models import Release, Version
from releases.states import ReleaseKind, VersionState


def why_not_number(program: MiniProgram, number: tuple[int, int, int]) -> str:
    """V-1: a number is unique for ever."""
    major, minor, patch = number
    if program.versions.filter(major=major, minor=minor, patch=patch).exists():
        return _("%(number)s was used before. A number is used only once, also after a failed audit.") % {
            "number": f"{major}.{minor}.{patch}"
        }
    return ""


def why_not_submit(program: MiniProgram, version: Version, *, bound: int) -> str:
    """V-7, V-9: a development version, one at a time, and somebody bound to decide; `bound` counts applications."""
    if version.state == VersionState.REJECTED:
        return _("%(number)s was rejected. Upload the corrected package under a new number.") % {"number": version}
    if version.state != VersionState.DEVELOPMENT:
        return _("%(number)s was submitted before.") % {"number": version}
    if program.in_audit_number:
        return _("%(number)s is in audit. One version at a time: wait for the decision or withdraw it.") % {
            "number": program.in_audit_number
        }
    if not bound:
        return _("No application is bound. Ask an application for a binding first.")
    return ""


def nothing_uploaded() -> str:
    """What the development card says before the first upload."""
    return _("Upload a version first.")


def nothing_to_publish(waiting_for: list[str]) -> str:
    """What the audit card says when no approved version is above the online one; names who still decides."""
    if waiting_for:
        return _("Publishing waits for %(applications)s. Every bound application must approve.") % {
            "applications": ", ".join(waiting_for)
        }
    return _("Publishing needs an approved version.")


def why_not_withdraw(version: Version) -> str:
    """V-10: only what reviewers still look at."""
    if version.state != VersionState.IN_AUDIT:
        return _("%(number)s is not in audit.") % {"number": version}
    return ""


def why_not_publish(program: MiniProgram, version: Version, *, online: Version | None) -> str:
    """V-12: approved, on the shelf, higher than the online version, never online before."""
    if version.state == VersionState.ONLINE:
        return _("%(number)s is online already.") % {"number": version}
    if version.state == VersionState.RETIRED:
        return _("%(number)s was online before. To return to it, roll back.") % {"number": version}
    if version.state != VersionState.APPROVED:
        return _("%(number)s has not passed the audit.") % {"number": version}
    if not program.on_shelf:
        return _("The mini program is off the shelf. Put it back on the shelf first.")
    if online and version.parts <= online.parts:
        return _("%(number)s is not higher than %(online)s, which is online.") % {"number": version, "online": online}
    return ""


def why_not_roll_back(program: MiniProgram, *, online: Version | None, last: Release | None, targets: bool) -> str:
    """V-13: to an earlier release (`targets`: whether there is one), not twice running (`last`: the newest release)."""
    if not online:
        return _("Rolling back needs an online version.")
    if not program.on_shelf:
        return _("The mini program is off the shelf. Put it back on the shelf first.")
    if last and last.kind == ReleaseKind.ROLL_BACK:
        return _("%(number)s came by a roll back. The next roll back waits until a version is published.") % {
            "number": online
        }
    if not targets:
        return _("%(number)s is the first release: there is nothing to return to.") % {"number": online}
    return ""
