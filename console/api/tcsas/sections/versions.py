"""From an uploaded file to a version (A-5)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from console.api.manage import files, uploads
from console.api.manage.endpoint import ApiRequest
from console.api.manage.models import UploadedPackage
from console.api.manage.states import Scope
from console.api.tcsas.errors import invalid
from console.api.tcsas.forms import valid
from console.api.tcsas.loading import program_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import Asked, OfProgram
from console.base.accounts.access import row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases.forms import NumberForm
from releases.models import Version

RUNNING, FAILED, SUCCEEDED = 20, 30, 60  # what becomes of a task
MAIN = "main"


class New(OfProgram):
    """A version to be."""

    mnp_version: str
    file_url: str
    mnp_version_intro: str = ""
    pipeline_id: str = ""


class OfTask(Asked):
    """What `CreateMNPVersion` has begun."""

    business_id: str


def _task(user: User, permission: Permission, asked: OfTask) -> UploadedPackage:
    rows = UploadedPackage.objects.exclude(begun_at=None).select_related("mini_program", "version__package")
    task = row_or_404(rows, key=asked.business_id)
    task.mini_program = mini_program_for(user, permission, task.mini_program.app_id)
    return task


@action("CreateMNPVersion", Scope.UPLOAD, Permission.UPLOAD, load=program_of)
def create(request: ApiRequest, program: MiniProgram, asked: New) -> dict[str, str]:
    """Make a file that was uploaded here a version (V-1 to V-6); how it went is what `DescribeMNPVersion` says."""
    upload = files.named_by(asked.file_url, program)
    if upload is None:
        words = _(
            "FileUrl must be an address that this console has given out for an upload, not longer ago than 12 hours."
        )
        raise invalid("FileUrl", words)
    if upload.begun_at and upload.number == asked.mnp_version:
        return {"TaskId": upload.key}  # The call came twice.
    upload.mini_program = program
    form = NumberForm({"number": asked.mnp_version, "notes": asked.mnp_version_intro}, program=program)
    made = files.make_version(upload, by=request.user, **valid(form))
    if made.version or made.failure:
        _note(request, made, source=asked.pipeline_id)
    return {"TaskId": made.key}


def _note(request: ApiRequest, made: UploadedPackage, *, source: str) -> None:
    """Let the page of automation list it."""
    uploads.note(
        request.token,
        made.mini_program,
        number=made.number,
        source=source[:100],
        size=made.size,
        warnings=len(made.version.findings) if made.version else 0,
        refusal=made.failure,
    )


@action("DescribeMNPVersion", Scope.UPLOAD, Permission.VIEW, load=_task)
def describe(request: ApiRequest, task: UploadedPackage, asked: OfTask) -> dict[str, Any]:
    """Say how a file becomes a version: tasks are over when their call is answered."""
    found = {"MNPId": task.mini_program.app_id, "TaskId": task.key}
    if task.version:
        task.version.mini_program = task.mini_program
        return {**found, "TaskStatus": SUCCEEDED, "TaskMsg": "", **_made(task.version)}
    failure = files.why_failed(task)
    return {**found, "TaskStatus": FAILED if failure else RUNNING, "TaskMsg": failure}


def _made(version: Version) -> dict[str, Any]:
    """Return what a version is, with its packages as devices load them."""
    parts = [(part["root"], part["size"]) for part in version.package.subpackages]
    rest = version.package.unpacked_size - sum(size for _root, size in parts)
    return {
        "MNPVersionId": version.pk,
        "QRCode": f"{settings.BASE_URL}{version.get_absolute_url()}",
        "ExpireTime": 0,
        "SubPackageInfos": [{"Name": name, "Size": size} for name, size in ((MAIN, rest), *parts)],
    }
