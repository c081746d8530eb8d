"""The trial version: what testers get who have its link (A-2, V-14)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Body, Field, Query, Schema, Status

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import Reason, checked, reason_of
from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.problems import Problem
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases.actions import trial as actions
from releases.forms import TrialForm
from releases.models import TrialVersion

TAGS = ["Trial version"]
PATH = "/programs/{app_id}/trial"


class Trial(Schema):
    """The version that testers get."""

    version: str
    page: str = Field(description="on which it opens")
    query: str
    link: str = Field(description="what the QR code holds; whoever has it gets the version, so treat it as a secret")
    set_by: str
    set_at: datetime
    applications: list[ApplicationRef] = Field(description="with which testers can open the link")


class TrialNew(Sent):
    """What testers shall get."""

    version: str = Field(max_length=14)
    page: str = Field("", max_length=240, description="a page of the package; empty: its entry page")
    query: str = Field("", max_length=500, description="without “?”: line=12&stop=harbour")


@endpoint(api.get, PATH, Scope.TRIAL, Permission.VIEW, load=mini_program_for, response=Trial, tags=TAGS)
def get_trial(request: ApiRequest, program: MiniProgram) -> dict[str, Any]:
    """Return the trial version and its link; 404 without one."""
    return _trial_out(_current(program), program)


@endpoint(api.put, PATH, Scope.TRIAL, Permission.UPLOAD, load=mini_program_for, response=Trial, tags=TAGS)
def set_trial(request: ApiRequest, program: MiniProgram, body: Annotated[TrialNew, Body()]) -> dict[str, Any]:
    """Set the trial version; its link stays the same."""
    current = _trial_of(program)
    seen = current.set_at.isoformat() if current else ""
    version = program.versions.numbered(body.version).select_related("package").first()
    page = body.page or (version.package.entry_page if version else "")
    sent: dict[str, Any] = {**body.dict(), "page": page, "seen": seen}
    data = checked(TrialForm(sent, program=program, initial={}))
    actions.set_trial(program, by=request.user, **data)
    return get_trial(request, program)


@endpoint(api.delete, PATH, Scope.TRIAL, Permission.UPLOAD, load=mini_program_for, response={204: None}, tags=TAGS)
def cancel_trial(request: ApiRequest, program: MiniProgram, asked: Annotated[Reason, Query()]) -> Status[None]:
    """Cancel the trial; its link stops working."""
    _current(program)
    actions.cancel_trial(program, by=request.user, reason=reason_of(asked))
    return Status(204, None)


def _current(program: MiniProgram) -> TrialVersion:
    """Return the trial version; raises Problem 404 without one."""
    current = _trial_of(program)
    if current is None:
        raise Problem(404, "The mini program has no trial version.")
    return current


def _trial_of(program: MiniProgram) -> TrialVersion | None:
    return TrialVersion.objects.filter(mini_program=program).select_related("version__package", "set_by").first()


def _trial_out(trial: TrialVersion, program: MiniProgram) -> dict[str, Any]:
    return {
        "version": trial.version.number,
        "page": trial.page,
        "query": trial.query,
        "link": trial.link,
        "set_by": str(trial.set_by),
        "set_at": trial.set_at,
        "applications": [application_ref(one) for one in program.bindings.bound().applications()],
    }
