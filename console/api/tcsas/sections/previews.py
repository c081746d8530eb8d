"""The trial version, which the SDK calls preview (A-5)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from console.api.manage.endpoint import ApiRequest
from console.api.manage.states import Scope
from console.api.tcsas.errors import NOT_FOUND, Refused, invalid
from console.api.tcsas.forms import valid
from console.api.tcsas.loading import program_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import Id, OfProgram
from console.api.tcsas.shown import DONE
from console.base.accounts.permissions import Permission
from miniprograms.models import MiniProgram
from releases.actions import trial as verbs
from releases.forms import TrialForm
from releases.models import TrialVersion, Version

SET, CANCEL = 1, 2


class Configured(OfProgram):
    """What to preview; the SDK spells the page so."""

    action_type: Id
    mnp_version_id: Id = 0
    preivew_entrance_path: str = ""


class Preview(OfProgram):
    """The preview of which version; without one the preview that there is."""

    mnp_version_id: Id = 0


@action("ConfigureMNPPreview", Scope.TRIAL, Permission.UPLOAD, load=program_of)
def configure(request: ApiRequest, program: MiniProgram, asked: Configured) -> dict[str, bool]:
    """Choose the version that testers get, and its first page, or end the preview (V-14)."""
    if asked.action_type == CANCEL:
        verbs.cancel_trial(program, by=request.user)
    elif asked.action_type == SET:
        verbs.set_trial(program, by=request.user, **valid(_form(program, asked)))
    else:
        raise invalid("ActionType", _("ActionType is 1 to set or 2 to cancel."))
    return DONE


def _form(program: MiniProgram, asked: Configured) -> TrialForm:
    version, current = _version(program, asked.mnp_version_id), _trial(program)
    page, _mark, query = asked.preivew_entrance_path.partition("?")
    data = {
        "version": version.number,
        "page": page or version.package.entry_page,
        "query": query,
        "seen": current.set_at.isoformat() if current else "",
    }
    return TrialForm(data, program=program, initial={})


@action("DescribeMNPPreview", Scope.TRIAL, Permission.VIEW, load=program_of)
def describe(request: ApiRequest, program: MiniProgram, asked: Preview) -> dict[str, Any]:
    """Say what testers get, and the link that their code holds, which is a secret: /api/v1/ asks for the same scope."""
    current = _trial(program)
    if current is None or asked.mnp_version_id not in (0, current.version_id):
        raise Refused(NOT_FOUND, _("This version has no preview."))
    return {
        "MNPId": program.app_id,
        "MNPName": program.name,
        "MNPDesc": program.description,
        "MNPVersion": current.version.number,
        "MNPVersionIntro": current.version.notes,
        "QRCodeUrl": current.link,
        "QRCodeContent": current.link,
        "PreviewEntrancePath": f"{current.page}?{current.query}" if current.query else current.page,
    }


def _version(program: MiniProgram, pk: int) -> Version:
    version = program.versions.select_related("package").filter(pk=pk).first()
    if version is None:
        raise Refused(NOT_FOUND, _("The mini program has no such version."))
    return version


def _trial(program: MiniProgram) -> TrialVersion | None:
    return TrialVersion.objects.filter(mini_program=program).select_related("version").first()
