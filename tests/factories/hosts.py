"""Host applications, their people, lists and secrets."""

from __future__ import annotations

import base64
import secrets
from importlib import import_module
from typing import Any

from django.utils import timezone

from console.base.accounts.models import Team, User
from console.base.accounts.permissions import ApplicationRole, TeamRole
from console.base.core.sealing import seal
from console.base.hosts.models import (
    ApplicationKey,
    ApplicationMember,
    DefaultApi,
    HostApplication,
    SensitiveApi,
    ServerSecret,
)
from console.base.hosts.signing import make_signing_key
from tests.factories.people import make_member, make_team, make_user, serial


def make_application(team: Team | None = None, name: str = "", **fields: Any) -> HostApplication:
    """A host application with one device key, owned by `team` (a new one by default)."""
    team = team or make_team()
    application = HostApplication.objects.create(team=team, name=name or f"Application {next(serial)}", **fields)
    ApplicationKey.objects.create(application=application, created_by=make_user())
    make_signing_key(application, by=None)
    return application


def make_default_apis() -> None:
    """What a migration made, and a test that empties all tables has taken away."""
    listed = import_module("console.base.hosts.migrations.0003_default_apis")
    DefaultApi.objects.bulk_create(
        [
            DefaultApi(name=name, title=title, restricted=restricted)
            for apis, restricted in ((listed.RESTRICTED, True), (listed.PUBLIC, False))
            for name, title in apis.items()
        ],
        ignore_conflicts=True,
    )


def make_reviewer(application: HostApplication, role: str = ApplicationRole.REVIEWER) -> User:
    """A new person on the host side, viewer in the owning team."""
    user = make_member(application.team, TeamRole.VIEWER)
    ApplicationMember.objects.create(application=application, user=user, role=role)
    return user


def make_api(application: HostApplication, name: str = "wx.getLocation", **fields: Any) -> SensitiveApi:
    """An API in the application's list, restricted unless specified otherwise."""
    return SensitiveApi.objects.create(application=application, name=name, **fields)


def make_server_secret(application: HostApplication, **fields: Any) -> str:
    """A secret of the application's server; returns the secret itself, `whsec_…`."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    fields = {"created_at": timezone.now(), "created_by": make_user(), **fields}
    ServerSecret.objects.create(application=application, sealed=seal(secret), hint=secret[-4:], **fields)
    return secret
