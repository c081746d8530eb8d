"""The demo's moves in development management: which hosts a program may open, and what applications grant it.

A grant's argument is “application: APIs: why”; without APIs it is about domain verification.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from console.base.accounts.models import User
from console.base.hosts.models import HostApplication
from devmgmt import actions
from devmgmt.matching import Domain, fingerprint, normalise
from devmgmt.models import ApiPermission, DomainExemption
from devmgmt.states import DomainType
from miniprograms.models import MiniProgram

Applications = Mapping[str, HostApplication]


def change_domains(program: MiniProgram, argument: str, *, by: User, at: datetime) -> None:
    """Save one change: “request +https://api.example.com -https://old.example.com”."""
    kind, *changes = argument.split()
    there = actions.domains_of(program)
    lists = {one: {Domain(row.host, row.port) for row in rows} for one, rows in there.items()}
    for change in changes:
        domain = normalise(change[1:], DomainType(kind), own_host="")
        (lists[kind].add if change[0] == "+" else lists[kind].remove)(domain)
    actions.change_domains(program, lists=lists, seen=fingerprint(there), by=by, at=at)


def ask_to_skip(program: MiniProgram, argument: str, *, by: User, applications: Applications, at: datetime) -> None:
    """Ask an application to let the program skip domain verification."""
    name, reason = argument.split(": ")
    actions.apply_for_exemption(program, application=applications[name], reason=reason, by=by, at=at)


def let_skip(program: MiniProgram, name: str, *, by: User, at: datetime) -> None:
    """Grant it."""
    [exemption] = DomainExemption.objects.waiting().filter(mini_program=program, application__name=name)
    actions.decide(exemption, approve=True, by=by, at=at)


def ask_for_apis(program: MiniProgram, argument: str, *, by: User, applications: Applications, at: datetime) -> None:
    """Ask an application for restricted APIs."""
    name, apis, reason = argument.split(": ")
    actions.apply_for_permissions(
        program, application=applications[name], apis=apis.split(), reason=reason, by=by, at=at
    )


def decide_on_apis(
    program: MiniProgram, argument: str, *, approve: bool, by: User, at: datetime, days: int = 0
) -> None:
    """Grant or reject APIs that the program has asked for; with `days`, until so many days from now."""
    name, apis, *note = argument.split(": ")
    until = timezone.now() + timedelta(days=days) if days else None
    for permission in ApiPermission.objects.waiting().filter(
        mini_program=program, application__name=name, api__in=apis.split()
    ):
        actions.decide(permission, approve=approve, by=by, at=at, note="".join(note), until=until)


def revoke_api(program: MiniProgram, argument: str, *, by: User, at: datetime) -> None:
    """Take an API back."""
    name, api, reason = argument.split(": ")
    permission = ApiPermission.objects.granted().get(mini_program=program, application__name=name, api=api)
    actions.revoke(permission, by=by, at=at, reason=reason)
