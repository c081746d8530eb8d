"""Domains, grants, secrets and log entries."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

from django.utils import timezone

from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from devmgmt.keys.models import AppSecret
from devmgmt.logs.entry import Entry
from devmgmt.logs.store import log_store
from devmgmt.models import ApiPermission, DomainExemption, ServerDomain
from miniprograms.models import MiniProgram
from tests.factories.hosts import make_reviewer
from tests.factories.people import serial


def make_domain(program: MiniProgram, host: str, kind: str = "request", **fields: Any) -> ServerDomain:
    """A host that the program may speak to."""
    return ServerDomain.objects.create(mini_program=program, kind=kind, host=host, **fields)


def make_exemption(program: MiniProgram, application: HostApplication, **fields: Any) -> DomainExemption:
    """A granted exemption; `state="waiting"` for one that was only asked for."""
    return DomainExemption.objects.create(**_grant(program, application, fields))


def make_permission(
    program: MiniProgram, application: HostApplication, api: str = "wx.getLocation", **fields: Any
) -> ApiPermission:
    """A granted interface permission; `state="waiting"` for one that was only asked for."""
    return ApiPermission.objects.create(api=api, **_grant(program, application, fields))


def _grant(program: MiniProgram, application: HostApplication, fields: dict[str, Any]) -> dict[str, Any]:
    fields = {"state": DecisionState.APPROVED, "requested_by": program.created_by, **fields}
    fields.setdefault("requested_at", timezone.now())
    if fields["state"] not in (DecisionState.WAITING, DecisionState.WITHDRAWN):
        fields.setdefault("decided_by", make_reviewer(application))
        fields.setdefault("decided_at", timezone.now())
    return {"mini_program": program, "application": application, **fields}


def make_entry(program: MiniProgram, *, text: str = "arrivals loaded", level: int = 2, **fields: Any) -> Entry:
    """A log entry of a minute ago with one line, not kept anywhere yet; `application` is a primary key."""
    number = next(serial)
    time = fields.pop("time", None) or timezone.now() - timedelta(minutes=1)
    line = [round(time.timestamp() * 1000), level, text]
    values: dict[str, Any] = {
        "mini_program": program.pk,
        "time": time,
        "id": number,
        "level": level,
        "application": 0,
        "guid": f"0302{number:028}",
        "platform": "android",
        "os_version": "14",
        "page": "pages/index/index",
        "filter_msg": "",
        "trace_id": f"t-{number}",
        "library_version": "3.7.2",
        "client_version": "8.3.1",
        "version": "1.0.0",
        "marks": 0,
        "message": text[:200],
        "error": text[:200] if level & 8 else "",
        "lines": json.dumps([line]),
    }
    return Entry(**{**values, **fields})


def make_place(program: MiniProgram) -> str:
    """Keep an entry and return its place as URLs carry it."""
    (entry,) = make_entries(program, text=program.name)
    return f"{round(entry.time.timestamp() * 1_000_000)}_{entry.id}"


def make_entries(program: MiniProgram, count: int = 1, **fields: Any) -> list[Entry]:
    """Log entries that are kept, newest first: a second apart from each other, or all with the `time` given."""
    newest = timezone.now() - timedelta(minutes=1)
    made = [make_entry(program, **{"time": newest - timedelta(seconds=number), **fields}) for number in range(count)]
    log_store().keep(at=timezone.now())
    log_store().write(made)
    return made


def make_secret(program: MiniProgram, **fields: Any) -> str:
    """An AppSecret of the program; returns the secret itself."""
    secret = secrets.token_hex(16)
    fields = {"created_at": timezone.now(), "created_by": program.created_by, **fields}
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    AppSecret.objects.create(mini_program=program, sha256=sha256, hint=secret[-4:], **fields)
    return secret
