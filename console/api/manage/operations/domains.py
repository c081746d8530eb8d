"""Server domains: the hosts that a mini program may speak to (A-2, D-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Body, Field, Query, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import checked, typed
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from devmgmt import actions
from devmgmt.forms.domains import LONGEST_URL, DomainsForm, TesterForm
from devmgmt.matching import fingerprint, origin_of
from devmgmt.models import ServerDomain
from devmgmt.states import MOST_CHANGES, DomainType
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TAGS = ["Domains"]
PATH = "/programs/{app_id}/domains"


# With those that are there twice, which are named by their lines; of one type 200 are allowed.
Hosts = Annotated[list[str], Field(max_length=1000)]


class DomainLists(Sent):
    """Hosts by what they are for, such as https://api.example.com; of socket, wss://push.example.com."""

    request: Hosts = []
    uploadFile: Hosts = []  # noqa: N815 - WeChat's word
    downloadFile: Hosts = []  # noqa: N815
    socket: Hosts = []
    business: Hosts = []


class DomainsOut(Schema):
    """A program's server domains."""

    domains: DomainLists
    revision: str = Field(description="changes with the domains; send it along when you change them")
    changes_left: int = Field(description="how often they can still be saved in this calendar month")


class DomainsWanted(Sent):
    """The lists as they shall be; one that is left out stays."""

    domains: DomainLists
    revision: str = Field("", description="the one that was read: 409 when someone has changed the domains since")


class DomainsChange(Sent):
    """Single hosts to add and to remove; what is there already, or not there, is no error."""

    add: DomainLists = Field(default_factory=DomainLists)
    remove: DomainLists = Field(default_factory=DomainLists)


class UrlAsked(Schema):
    """A URL, and what opens it."""

    url: str = Field("", max_length=LONGEST_URL)
    kind: Literal["request", "uploadFile", "downloadFile", "socket", "business"] = "request"


class UrlVerdict(Schema):
    """Whether it may be opened, and why."""

    allowed: bool
    message: str


@endpoint(api.get, PATH, Scope.READ, Permission.VIEW, load=mini_program_for, response=DomainsOut, tags=TAGS)
def get_domains(request: ApiRequest, program: MiniProgram) -> dict[str, Any]:
    """Return a program’s server domains by type."""
    return _out(program)


@endpoint(api.put, PATH, Scope.CONFIGURE, Permission.DEVELOP, load=mini_program_for, response=DomainsOut, tags=TAGS)
def replace_domains(
    request: ApiRequest, program: MiniProgram, body: Annotated[DomainsWanted, Body()]
) -> dict[str, Any]:
    """Replace domain lists; counts as one of the month’s changes (D-1)."""
    current = actions.domains_of(program)
    wanted = {**_lines(current), **body.domains.dict(exclude_unset=True)}
    return _saved(request, program, current, wanted, seen=body.revision)


@endpoint(api.patch, PATH, Scope.CONFIGURE, Permission.DEVELOP, load=mini_program_for, response=DomainsOut, tags=TAGS)
def edit_domains(request: ApiRequest, program: MiniProgram, body: Annotated[DomainsChange, Body()]) -> dict[str, Any]:
    """Add and remove single hosts (D-1)."""
    current = actions.domains_of(program)
    add, remove = (
        _read(current, part.dict(), prefix) for prefix, part in (("add.", body.add), ("remove.", body.remove))
    )
    wanted = {
        kind: [line for line in lines if line not in remove[kind]] + [line for line in add[kind] if line not in lines]
        for kind, lines in _lines(current).items()
    }
    return _saved(request, program, current, wanted)


@endpoint(api.get, f"{PATH}/check", Scope.READ, Permission.VIEW, load=mini_program_for, response=UrlVerdict, tags=TAGS)
def check_url(request: ApiRequest, program: MiniProgram, asked: Annotated[UrlAsked, Query()]) -> dict[str, Any]:
    """Test a URL against a program’s domains (D-1)."""
    form = TesterForm(typed(asked.dict()))
    checked(form)
    verdict = form.verdict(actions.domains_of(program))
    return {"allowed": bool(verdict and verdict.allowed), "message": str(verdict.words) if verdict else ""}


Lists = Mapping[str, Iterable[str]]
Current = Mapping[str, list[ServerDomain]]


def _form(current: Current, lists: Lists, seen: str = "") -> DomainsForm:
    texts = {kind: "\n".join(lines) for kind, lines in lists.items()}
    return DomainsForm(typed({**texts, "seen": seen or fingerprint(current)}), current=current)


def _read(current: Current, lists: Lists, prefix: str) -> dict[str, list[str]]:
    """Return the hosts as the console writes them; raises Problem 422 beside the list with a bad one."""
    form = _form(current, lists)
    checked(form, **{kind: f"{prefix}{kind}" for kind in DomainType.values})
    return _lines(form.lists())


def _saved(
    request: ApiRequest, program: MiniProgram, current: Current, lists: Lists, *, seen: str = ""
) -> dict[str, Any]:
    form = _form(current, lists, seen)
    found = checked(form, **{kind: f"domains.{kind}" for kind in DomainType.values}, seen="revision")
    return _out(actions.change_domains(program, lists=form.lists(), seen=found["seen"], by=request.user))


def _lines(lists: Mapping[str, Iterable[Any]]) -> dict[str, list[str]]:
    return {kind: [origin_of(domain, kind) for domain in lists[kind]] for kind in DomainType}


def _out(program: MiniProgram) -> dict[str, Any]:
    lists = actions.domains_of(program)
    left = MOST_CHANGES - actions.domain_changes(program, at=timezone.now())
    return {"domains": _lines(lists), "revision": fingerprint(lists), "changes_left": max(left, 0)}
