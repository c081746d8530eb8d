"""The offline package: the bytes that are online, to be built into a host app (A-2, O-1, O-2)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, StreamingHttpResponse
from ninja import Body, Field, Query, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import by_id, checked, typed
from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.core.errors import refuse_if
from console.base.core.files import attachment
from console.base.hosts.models import HostApplication
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases.access import version_for
from releases.models import Version
from releases.offline import actions, rules
from releases.offline.forms import DownloadForm
from releases.offline.presenters import Preset, presets_of, signatures_of
from releases.states import VersionState

TAGS = ["Offline packages"]
ALL = "/programs/{app_id}/offline-packages"


class OfflineSignature(Schema):
    """The signature with which a host app's devices verify the file."""

    application: ApplicationRef
    signature: str = Field(description="empty where the keys can't be read")


class OfflinePackage(Schema):
    """The package of the online version."""

    version: str
    file_name: str
    sha256: str
    size: int = Field(description="bytes")
    signatures: list[OfflineSignature]
    file: str = Field(description="where the file is, below this API's address")


class OfflinePreset(Schema):
    """What was downloaded last for a host app."""

    application: ApplicationRef
    version: str
    state: str = Field(description="current, stale, off (the mini program is off the shelf) or unbound")
    downloaded_by: str
    downloaded_at: datetime


class OfflinePackages(Schema):
    """The package that can be downloaded now, and the presets in the field."""

    items: list[OfflinePackage] = Field(description="that of the online version, or nothing")
    why_not: str = Field(description="why there is none")
    presets: list[OfflinePreset]


class OfflineTarget(Sent):
    """For which host app the package is meant."""

    application_id: str = Field("", pattern="^[A-Za-z0-9]*$", max_length=40, description="empty: not decided yet")


@endpoint(api.get, ALL, Scope.READ, Permission.VIEW, load=mini_program_for, response=OfflinePackages, tags=TAGS)
def list_offline_packages(request: ApiRequest, program: MiniProgram) -> dict[str, Any]:
    """Return the package of the online version, and what was downloaded for host apps before."""
    why_not = rules.why_not_download(program)
    items = [] if why_not else [_package(program, OfflineTarget(application_id=""))]
    return {"items": items, "why_not": why_not, "presets": [_preset(one) for one in presets_of(program)]}


@endpoint(
    api.post,
    ALL,
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=mini_program_for,
    response=OfflinePackage,
    tags=TAGS,
)
def prepare_offline_package(
    request: ApiRequest, program: MiniProgram, body: Annotated[OfflineTarget, Body()]
) -> dict[str, Any]:
    """Return the package for a host app, and where its file is: the online bytes, so there is nothing to wait for."""
    refuse_if(rules.why_not_download(program))
    _meant_for(program, body)
    return _package(program, body)


@endpoint(
    api.get,
    f"{ALL}/{{number}}/file",
    Scope.READ,
    Permission.DEVELOP,
    load=version_for,
    tags=TAGS,
    sends="application/octet-stream",
)
def get_offline_package_file(
    request: ApiRequest, version: Version, asked: Annotated[OfflineTarget, Query()]
) -> StreamingHttpResponse:
    """Download the file of the version that is online; each download is on record, with its host app."""
    program = version.mini_program
    if version.state != VersionState.ONLINE:
        raise Http404
    current, content = actions.download(program, application=_meant_for(program, asked), by=request.user)
    return attachment(content, size=current.package.size, name=actions.file_name(program, current.number))


def _meant_for(program: MiniProgram, asked: OfflineTarget) -> HostApplication | None:
    """Return the host app, one of those bound; raises Problem 422 for another."""
    applications = program.bindings.bound().applications()
    form = by_id(DownloadForm(typed(asked.dict()), applications=applications))
    application: HostApplication | None = checked(form)["application"]
    return application


def _package(program: MiniProgram, asked: OfflineTarget) -> dict[str, Any]:
    version = program.versions.online().select_related("package").get()
    version.mini_program = program
    signatures = [
        {"application": application_ref(one.application), "signature": one.value}
        for one in signatures_of(version, program.bindings.bound().applications())
    ]
    query = f"?application_id={asked.application_id}" if asked.application_id else ""
    return {
        "version": version.number,
        "file_name": actions.file_name(program, version.number),
        "sha256": version.package.sha256,
        "size": version.package.size,
        "signatures": signatures,
        "file": f"/programs/{program.app_id}/offline-packages/{version.number}/file{query}",
    }


def _preset(one: Preset) -> dict[str, Any]:
    return {
        "application": {"application_id": one.entry.application_id, "name": one.name},
        "version": one.number,
        "state": one.state,
        "downloaded_by": one.entry.actor_label,
        "downloaded_at": one.entry.at,
    }
