"""Upload keys: the SDK's “package secret key” of a mini program, which is no AppSecret (A-5, A-1)."""

from __future__ import annotations

from console.api.manage.actions import create_upload_key
from console.api.manage.endpoint import ApiRequest
from console.api.manage.sdk_keys import secret_id, secret_key
from console.api.manage.states import Scope
from console.api.tcsas.loading import program_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import OfProgram
from console.base.accounts.permissions import Permission
from miniprograms.models import MiniProgram


@action("CreateMNPSecretKey", Scope.UPLOAD_KEYS, Permission.UPLOAD, load=program_of)
def create(request: ApiRequest, program: MiniProgram, asked: OfProgram) -> dict[str, str]:
    """Make a robot that uploads for the mini program; return what the SDK signs with for it."""
    made = create_upload_key(request.token)
    return {"KeyId": secret_id(made.row), "SecretKey": secret_key(made.row)}
