"""Server domains (A-5, D-1)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext as _

from console.api.manage.endpoint import ApiRequest
from console.api.manage.states import Scope
from console.api.tcsas.errors import MISSING, Refused, invalid
from console.api.tcsas.loading import program_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import Asked, Id, OfProgram
from console.api.tcsas.shown import DONE
from console.base.accounts.permissions import Permission
from console.base.core.errors import ActionRefused
from devmgmt import actions
from devmgmt.forms.domains import DomainsForm, own_host
from devmgmt.matching import fingerprint, normalise
from devmgmt.states import MOST_DOMAINS, DomainType
from miniprograms.models import MiniProgram

NUMBERS = {
    1: DomainType.REQUEST,
    2: DomainType.BUSINESS,
    3: DomainType.SOCKET,
    4: DomainType.UPLOAD_FILE,
    5: DomainType.DOWNLOAD_FILE,
}


class Domains(Asked):
    """Hosts of one type."""

    domain_type: Id
    domain_url_list: Annotated[list[str], msgspec.Meta(max_length=MOST_DOMAINS)] = msgspec.field(default_factory=list)


class Given(OfProgram):
    """Hosts of some types; types that are not named stay as they are."""

    domain: Annotated[list[Domains], msgspec.Meta(max_length=100)] = msgspec.field(default_factory=list)


@action("DescribeMNPDomainACL", Scope.READ, Permission.VIEW, load=program_of)
def describe(request: ApiRequest, program: MiniProgram, asked: OfProgram) -> list[dict[str, Any]]:
    """List the hosts of each type that has some."""
    lists = actions.domains_of(program)
    return [
        {"DomainType": number, "DomainUrl": ";".join(row.origin for row in lists[kind])}
        for number, kind in NUMBERS.items()
        if lists[kind]
    ]


@action("CreateMNPDomainACL", Scope.CONFIGURE, Permission.DEVELOP, load=program_of)
def create(request: ApiRequest, program: MiniProgram, asked: Given) -> dict[str, bool]:
    """Add hosts; those that are there already stay."""
    return _change(request, program, asked, adds=True)


@action("ModifyMNPDomain", Scope.CONFIGURE, Permission.DEVELOP, load=program_of)
def modify(request: ApiRequest, program: MiniProgram, asked: Given) -> dict[str, bool]:
    """Replace the hosts of the types that are named."""
    return _change(request, program, asked, adds=False)


def _change(request: ApiRequest, program: MiniProgram, asked: Given, *, adds: bool) -> dict[str, bool]:
    """Save all lists together, as the page does; one change of the month's."""
    if not asked.domain:
        raise Refused(MISSING, _("Domain is empty."))
    current = actions.domains_of(program)
    lines = {kind: [row.origin for row in rows] for kind, rows in current.items()}
    for each in asked.domain:
        kind = NUMBERS.get(each.domain_type)
        if kind is None:
            raise invalid("DomainType", _("DomainType is a number from 1 to 5."))
        urls = each.domain_url_list
        lines[kind] = [*dict.fromkeys([*lines[kind], *(_origin(url, kind) for url in urls)])] if adds else urls
    data = {kind: "\n".join(found) for kind, found in lines.items()}
    form = DomainsForm({**data, "seen": fingerprint(current)}, current=current)  # type: ignore[arg-type]
    if not form.is_valid():
        raise invalid("Domain", " ".join(words for found in form.errors.values() for words in map(str, found)))
    actions.change_domains(program, lists=form.lists(), seen=form.cleaned_data["seen"], by=request.user)
    return DONE


def _origin(url: str, kind: DomainType) -> str:
    """Return a host as those that are there are written; what is wrong stays as it is, for the form to say why."""
    try:
        return normalise(url, kind, own_host()).origin(kind)
    except ActionRefused:
        return url
