"""The offline package (A-5, O-1)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from console.api.manage.endpoint import ApiRequest
from console.api.manage.states import Scope
from console.api.tcsas import links
from console.api.tcsas.loading import program_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import OfProgram
from console.base.accounts.permissions import Permission
from console.base.core.errors import refuse_if
from miniprograms.models import MiniProgram
from releases.offline import rules


@action("DescribeMNPOfflinePackageURL", Scope.READ, Permission.DEVELOP, load=program_of)
def describe(request: ApiRequest, program: MiniProgram, asked: OfProgram) -> dict[str, Any]:
    """Return an address of the online version's package; each download is on record."""
    refuse_if(rules.why_not_download(program))
    signed = links.signed(request.token, program)
    return {"Data": settings.BASE_URL + reverse("sdk_file", args=[signed])}
