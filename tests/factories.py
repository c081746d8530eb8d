"""Makers of real rows: each makes what it needs and takes what the test cares about."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from console.accounts.models import Membership, Team, User
from console.accounts.permissions import ApplicationRole, TeamRole
from console.hosts.models import ApplicationKey, ApplicationMember, HostApplication
from console.hosts.states import DecisionState
from miniprograms.models import Binding, Category, MiniProgram
from releases import actions
from releases.models import Audit, Version

PASSWORD = "correct horse battery"
_count = itertools.count(1)


def make_user(name: str = "", **fields: Any) -> User:
    """A person who can sign in with PASSWORD."""
    number = next(_count)
    fields.setdefault("email", f"person{number}@example.com")
    return User.objects.create_user(password=PASSWORD, name=name or f"Person {number}", **fields)


def make_team(name: str = "", **roles: User) -> Team:
    """A team; `make_team(admin=mira, viewer=tom)` gives the roles."""
    team = Team.objects.create(name=name or f"Team {next(_count)}")
    for role, user in roles.items():
        join(team, user, role)
    return team


def join(team: Team, user: User, role: str) -> Membership:
    """Make `user` a member."""
    return Membership.objects.create(team=team, user=user, role=TeamRole(role))


def make_member(team: Team, role: str) -> User:
    """A new person with a role in the team."""
    user = make_user()
    join(team, user, role)
    return user


def make_application(team: Team | None = None, name: str = "", **fields: Any) -> HostApplication:
    """A host application with one device key, owned by `team` (a new one by default)."""
    team = team or make_team()
    application = HostApplication.objects.create(team=team, name=name or f"Application {next(_count)}", **fields)
    ApplicationKey.objects.create(application=application, created_by=make_user())
    return application


def make_reviewer(application: HostApplication, role: str = ApplicationRole.REVIEWER) -> User:
    """A new person on the host side, viewer in the owning team."""
    user = make_member(application.team, TeamRole.VIEWER)
    ApplicationMember.objects.create(application=application, user=user, role=role)
    return user


def make_icon(name: str = "icon.png", size: int = 64) -> ContentFile[bytes]:
    """A small PNG, as a file to upload."""
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "teal").save(buffer, "PNG")
    return ContentFile(buffer.getvalue(), name=name)


def make_category(name: str = "Transport") -> Category:
    """A category by name."""
    return Category.objects.get_or_create(name=name)[0]


def make_program(team: Team | None = None, name: str = "", **fields: Any) -> MiniProgram:
    """A mini program on the shelf, nothing uploaded."""
    team = team or make_team()
    fields.setdefault("category", make_category())
    fields.setdefault("introduction", "What it is for.")
    fields.setdefault("icon", "icons/none.webp")
    if "created_by" not in fields:
        fields["created_by"] = make_member(team, TeamRole.LICENSE_HOLDER)
    return MiniProgram.objects.create(team=team, name=name or f"Program {next(_count)}", **fields)


def make_binding(program: MiniProgram, application: HostApplication | None = None, **fields: Any) -> Binding:
    """A binding in force; `state="waiting"` for one that was only asked for."""
    fields.setdefault("state", DecisionState.APPROVED)
    fields.setdefault("requested_by", program.created_by)
    fields.setdefault("requested_at", timezone.now())
    application = application or make_application()
    if fields["state"] not in (DecisionState.WAITING, DecisionState.WITHDRAWN):
        if "decided_by" not in fields:
            fields["decided_by"] = make_reviewer(application)
        fields.setdefault("decided_at", timezone.now())
    return Binding.objects.create(mini_program=program, application=application, **fields)


def make_zip(files: dict[str, str | bytes] | None = None, **app: Any) -> ContentFile[bytes]:
    """An honest package with two pages; `files` adds or replaces files, `app` keys of app.json."""
    manifest = {"pages": ["pages/index/index", "pages/about/about"], **app}
    contents: dict[str, str | bytes] = {"app.json": json.dumps(manifest), "app.js": "App({})\n"}
    for page in ("pages/index/index", "pages/about/about"):
        contents |= {f"{page}.js": "Page({})\n", f"{page}.wxml": "<view>Hello</view>\n"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**contents, **(files or {})}.items():
            archive.writestr(name, content)
    return ContentFile(buffer.getvalue(), name="package.zip")


def make_version(program: MiniProgram, number: str = "1.0.0", by: User | None = None, **files: str) -> Version:
    """A development version, uploaded for real; its package differs from that of every other number."""
    major, minor, patch = map(int, number.split("."))
    file = make_zip({"version.js": f"module.exports = '{program.app_id} {number}'", **files})
    by = by or program.created_by
    return actions.upload(program, file=file, number=(major, minor, patch), notes=f"Notes of {number}", by=by)


def make_audit(program: MiniProgram, number: str = "1.0.0", by: User | None = None) -> Audit:
    """A version in audit; an application is bound when none was."""
    if not program.bindings.bound().exists():
        make_binding(program)
    return actions.submit(make_version(program, number, by=by), by=by or program.created_by)


def make_approved(program: MiniProgram, number: str = "1.0.0") -> Version:
    """A version that every bound application has approved."""
    audit = make_audit(program, number)
    for decision in audit.decisions.select_related("application"):
        actions.decide(decision, approve=True, by=make_reviewer(decision.application))
    return Version.objects.select_related("mini_program").get(pk=audit.version_id)


def make_online(program: MiniProgram, number: str = "1.0.0") -> Version:
    """A published version."""
    version = make_approved(program, number)
    actions.publish(version, by=program.created_by)
    version.refresh_from_db()
    return version
