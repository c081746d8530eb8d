"""Files that a call of the platform's SDK turns into versions (A-5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, File, Schema, Status
from ninja.files import UploadedFile

from console.api.manage import files
from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


class Uploaded(Schema):
    """A file that waits."""

    url: str = Field(description="what `CreateMNPVersion` takes as `FileUrl`; nothing is served there")
    expires_at: datetime


@endpoint(
    api.post,
    "/programs/{app_id}/uploads",
    Scope.UPLOAD,
    Permission.UPLOAD,
    load=mini_program_for,
    response={201: Uploaded},
    tags=["Versions"],
)
def upload_file(
    request: ApiRequest,
    program: MiniProgram,
    file: Annotated[UploadedFile, File(description="the package, as the IDE or a build packs it")],
) -> Status[dict[str, Any]]:
    """Keep a package file until a call of the platform's SDK makes it a version; it is read by that call."""
    row = files.keep(program, file=file)
    return Status(201, {"url": files.address_of(row), "expires_at": row.created_at + files.GOOD_FOR})
