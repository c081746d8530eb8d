"""What is online, was, and may be (A-5)."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from console.api.manage.endpoint import ApiRequest
from console.api.manage.states import Scope
from console.api.tcsas.errors import NOT_FOUND, Refused, invalid
from console.api.tcsas.loading import program_of, version_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import OfProgram, OfVersion
from console.api.tcsas.shown import DONE, PENDING, STATUS_OF_AUDIT, moment, program_facts
from console.base.accounts.permissions import Permission
from grayscale.models import GrayscaleTask
from miniprograms.models import MiniProgram
from releases import actions, rules
from releases.models import TrialVersion, Version
from releases.querysets import VersionQuerySet
from releases.states import VersionState

MOST = 100  # versions of one answer
PHASES = {VersionState.DEVELOPMENT: "Develop", VersionState.ONLINE: "Online"}  # of all others: Platform
EVERYBODY, SOME = 1, 2  # who gets it


class Back(OfVersion, kw_only=True):
    """Where to go back to."""

    mnp_id: str
    mnp_version: str = ""


@action("ReleaseMNPVersion", Scope.PUBLISH, Permission.MANAGE, load=version_of)
def release(request: ApiRequest, version: Version, asked: OfVersion) -> dict[str, bool]:
    """Put an approved version online (V-12)."""
    actions.publish(version, by=request.user)
    return DONE


@action("RollbackMNPVersion", Scope.PUBLISH, Permission.MANAGE, load=version_of)
def roll_back(request: ApiRequest, version: Version, asked: Back) -> dict[str, bool]:
    """Go back to a version that was online before (V-13)."""
    if version.mini_program.app_id != asked.mnp_id:
        raise Refused(NOT_FOUND, _("The mini program has no such version."))
    if asked.mnp_version not in ("", version.number):
        raise invalid("MNPVersion", _("MNPVersionId is version %(number)s.") % {"number": version.number})
    actions.roll_back(version, by=request.user)
    return DONE


@action("DescribeMNPAllStageVersions", Scope.READ, Permission.VIEW, load=program_of)
def describe_all(request: ApiRequest, program: MiniProgram, asked: OfProgram) -> list[dict[str, Any]]:
    """List what is online, then the newest versions that never were, 100 in all."""
    rows = program.versions.light().select_related("uploaded_by").prefetch_related("audits")
    online = list(rows.online())
    others = rows.exclude(state__in=[VersionState.ONLINE, VersionState.RETIRED]).order_by("-uploaded_at", "-pk")
    trial = TrialVersion.objects.filter(mini_program=program).values_list("version_id", flat=True).first()
    tasks = GrayscaleTask.objects.delivering(at=timezone.now()).filter(mini_program=program)
    some, target = set(tasks.values_list("version_id", flat=True)), _targets(program).first()
    facts = {**program_facts(program), "MNPDesc": program.description}
    return [
        {
            **facts,
            **_stage(version),
            "ShowCase": int(version.pk == trial),
            "Status": SOME if version.pk in some else EVERYBODY,
            "RollbackVersion": target.pk if target and version in online else 0,
        }
        for version in [*online, *others[: MOST - len(online)]]
    ]


def _targets(program: MiniProgram) -> VersionQuerySet:
    """Return the versions that it may go back to now, highest first (V-13)."""
    online, found = program.versions.online().first(), program.versions.roll_back_targets()
    why_not = rules.why_not_roll_back(program, online=online, last=program.releases.first(), targets=True)
    return found.none() if why_not else found


def _stage(version: Version) -> dict[str, Any]:
    audit = next(iter(version.audits.all()), None)
    status = STATUS_OF_AUDIT[audit.state] if audit else PENDING
    return {
        "MNPVersionId": version.pk,
        "MNPVersion": version.number,
        "MNPVersionIntro": version.notes,
        "CreateUser": str(version.uploaded_by),
        "CreateTime": moment(version.uploaded_at),
        "Phase": PHASES.get(VersionState(version.state), "Platform"),
        "ApprovalNo": audit.number if audit else "",
        "ApprovalStatus": status,
        "VersionCurrentStatus": status,
    }


@action("DescribeMNPReleasedVersionHistory", Scope.READ, Permission.VIEW, load=program_of)
def describe_history(request: ApiRequest, program: MiniProgram, asked: OfProgram) -> dict[str, Any]:
    """List the versions that `RollbackMNPVersion` takes now, highest first (V-13)."""
    rows = _targets(program).annotate(released_at=Max("releases__at"))
    found = [
        {
            "MNPId": program.app_id,
            "MNPVersion": version.number,
            "MNPVersionId": version.pk,
            "MNPVersionNote": version.notes,
            "UpdateTime": moment(version.released_at),
        }
        for version in rows[:MOST]
    ]
    return {"TotalCount": len(found), "DataList": found}
