"""Why a move of a version's lifecycle is refused, in words; "" when it may be done.

The verbs raise these sentences and the pages show them under the disabled button, so both always agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext as _

from console.base.core.text import listed
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from miniprograms.rules import why_unbound
from releases.models import Audit, Release, ReviewDecision, TrialVersion, Version
from releases.states import AuditState, ReleaseKind, VersionState


def why_not_number(program: MiniProgram, number: tuple[int, int, int]) -> str:
    """V-1: a number is unique for ever."""
    major, minor, patch = number
    if program.versions.filter(major=major, minor=minor, patch=patch).exists():
        return _("%(number)s has already been used. Each number can be used only once, even after a failed audit.") % {
            "number": f"{major}.{minor}.{patch}"
        }
    return ""


def why_not_submit(program: MiniProgram, version: Version, *, bound: int, asked: Iterable[HostApplication]) -> str:
    """V-7, V-9: a development version, one at a time, and somebody bound to decide.

    `bound` counts applications; those `asked` for a binding have not decided yet.
    """
    if version.state == VersionState.REJECTED:
        return _("%(number)s was rejected. Upload the corrected package under a new version number.") % {
            "number": version
        }
    if version.state == VersionState.IN_AUDIT:
        return _("%(number)s is already in audit.") % {"number": version}
    if version.state != VersionState.DEVELOPMENT:
        return _("%(number)s has already been submitted.") % {"number": version}
    if program.in_audit_number:
        return _("%(number)s is in audit. Only one version at a time: wait for the decision or withdraw it.") % {
            "number": program.in_audit_number
        }
    return "" if bound else why_unbound(asked)


def nothing_uploaded() -> str:
    """What the development card says before the first upload."""
    return _("Upload a version first.")


def nothing_to_submit() -> str:
    """What the development card says when every version was submitted."""
    return _("All versions have been submitted. Upload a new one first.")


def nothing_to_publish(*, approved: Version | None, online: Version | None) -> str:
    """What the audit card says when no approved version is above the online one; `approved` is the highest."""
    if approved and online:
        return _("The approved version %(number)s is not higher than the online version %(online)s.") % {
            "number": approved,
            "online": online,
        }
    return _("Publishing needs an approved version.")


def not_to_publish_yet(version: Version, *, waiting_for: list[str], online: Version | None) -> str:
    """What publishing the version in audit waits for: who still decides, unless it can't be published even then."""
    return why_below(version, online) or _(
        "Waiting for %(applications)s. Every bound app must approve before you can publish."
    ) % {"applications": listed(waiting_for)}


def why_below(version: Version, online: Version | None) -> str:
    """V-12: devices never go back by a publish."""
    if online and version.parts <= online.parts:
        return _("%(number)s isn’t higher than the online version, %(online)s.") % {"number": version, "online": online}
    return ""


def warn_below(version: Version, online: Version | None) -> str:
    """What is to be known of a version that is no higher than the online one; it may be audited and tried (V-1)."""
    if why_below(version, online):
        return _("%(number)s can’t be published: it is not higher than the online version %(online)s.") % {
            "number": version,
            "online": online,
        }
    return ""


def unknown_finding() -> str:
    """V-17: why a finding can't be settled that an earlier release has found."""
    return _("This report can’t distinguish this finding from others. Check the package again first.")


def why_not_withdraw(version: Version) -> str:
    """V-10: only what reviewers still look at."""
    if version.state != VersionState.IN_AUDIT:
        return _("%(number)s is not in audit.") % {"number": version}
    return ""


def why_not_publish(program: MiniProgram, version: Version, *, online: Version | None) -> str:
    """V-12: approved, on the shelf, higher than the online version, never online before."""
    if version.state == VersionState.ONLINE:
        return _("%(number)s is already online.") % {"number": version}
    if version.state == VersionState.RETIRED and version.rolled_back_at:
        return _(
            "%(number)s was rolled back and can’t go online again. Upload its package under a new version number."
        ) % {"number": version}
    if version.state == VersionState.RETIRED:
        return _("%(number)s was online before. Roll back to use it again.") % {"number": version}
    if version.state == VersionState.REJECTED:
        return _("%(number)s was rejected. Upload the corrected package under a new version number.") % {
            "number": version
        }
    if reason := why_below(version, online):
        return reason
    if version.state != VersionState.APPROVED:
        return _("%(number)s hasn’t passed the audit.") % {"number": version}
    if not program.on_shelf:
        return _("The mini program is off the shelf. Put it back on the shelf first.")
    return ""


def why_confirm(doubts: list[str], *, anyway: bool, reason: str) -> tuple[str, str]:
    """Why what speaks against publishing stops it: not confirmed, or no reason given. Returns the field, too (G-13)."""
    if not doubts:
        return "", ""
    if not anyway:
        return _("The version is over its guardrail limit. Confirm that you publish it anyway."), "anyway"
    return "" if reason.strip() else _("Explain why you publish it anyway."), "note"


def why_not_roll_back(program: MiniProgram, *, online: Version | None, last: Release | None, targets: bool) -> str:
    """V-13: to an earlier release (`targets`: whether there is one), not twice running (`last`: the newest release)."""
    if not online:
        return _("Rolling back needs an online version.")
    if not program.on_shelf:
        return _("The mini program is off the shelf. Put it back on the shelf first.")
    if last and last.kind == ReleaseKind.ROLL_BACK:
        return _("%(number)s is online after a rollback. Publish a version before you roll back again.") % {
            "number": online
        }
    if not targets:
        return _("%(number)s is the first release, so there is no version to roll back to.") % {"number": online}
    return ""


def overtaken_roll_back(last: Release) -> str:
    """What somebody hears who confirms a roll back after `last`, which is one as well."""
    return _("Already rolled back to %(number)s by %(person)s. Publish a version before you roll back again.") % {
        "number": last.to_version,
        "person": last.by,
    }


# The trial version ------------------------------------------------------------------------------------------------

QUERY_LENGTH = 500  # characters
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}


def why_not_page(version: Version, page: str) -> str:
    """V-14: the relative path of a page of that package."""
    if not page:
        return _("Choose the opening page.")
    if "://" in page or page.startswith("//"):
        return _("Enter the path of a page in the package, not a URL: %(page)s.") % {"page": version.package.entry_page}
    if page.startswith("/"):
        return _("Remove the leading slash: %(page)s.") % {"page": version.package.entry_page}
    if "?" in page:
        return _("Enter the part after “?” in the query field.")
    if page not in version.package.pages:
        return _("%(number)s has no page %(page)s. Choose one of its pages.") % {"number": version, "page": page}
    return ""


def why_not_query(query: str) -> str:
    """V-14: names and values as in a link, without the “?”; may be empty."""
    if len(query) > QUERY_LENGTH:
        return _("A query can have up to %(length)d characters.") % {"length": QUERY_LENGTH}
    if "?" in query:
        return _("Remove the “?”: line=12&stop=harbour.")
    if "#" in query:
        return _("A query can’t contain “#”. Use %(code)s instead.") % {"code": "%23"}
    if any(unicodedata.category(letter) in UNSEEN for letter in query):
        return _("A query can’t contain spaces or invisible characters. Use %(code)s for a space.") % {"code": "%20"}
    if re.search(r"%(?![0-9A-Fa-f]{2})", query):
        return _("A percent sign must be followed by two digits or letters from A to F: %(code)s is a space.") % {
            "code": "%20"
        }
    if query and not all(part.partition("=")[0] for part in query.split("&")):
        return _("Separate parameters with “&”: line=12&stop=harbour.")
    return ""


def why_not_cancel_trial(trial: TrialVersion | None) -> str:
    """There must be one."""
    return "" if trial else _("The trial version no longer exists.")


def why_not_use_as_trial(version: Version, trial: TrialVersion | None) -> str:
    """What is on trial already; its page is changed there."""
    if trial and trial.version_id == version.pk:
        return _("%(number)s is already the trial version.") % {"number": version}
    return ""


def unreadable_package() -> str:
    """Why there is nothing to read or download although there should be."""
    return _("The package can’t be read from storage right now. Try again later or contact an operator.")


def why_not_compare_again(audit: Audit) -> str:
    """V-9: an audit keeps the report that it was decided with."""
    if audit.state != AuditState.IN_AUDIT:
        return _("The audit is closed, so its report can’t change.")
    return ""


def why_withdrawn(decision: ReviewDecision, *, bound: bool) -> str:
    """V-10: why an application has nothing to decide in an audit any more; `bound` if it still serves the program.

    An application that is not bound reads nothing of what came of the audit (P-1).
    """
    if bound and decision.audit.state == AuditState.REJECTED:
        return _("Another app rejected this version.")
    if bound and decision.audit.state == AuditState.WITHDRAWN:
        return _("The request was withdrawn.")
    return _("%(program)s was unbound from %(application)s.") % {
        "program": decision.audit.mini_program,
        "application": decision.application,
    }
