"""The platform's own SDK, unchanged, against a server that runs."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.tcsas.v20250106 import models
from tencentcloud.tcsas.v20250106.tcsas_client import TcsasClient

from console.api.manage import actions, guard
from console.api.manage.sdk_keys import secret_id, secret_key
from console.api.rate import Counter


@pytest.fixture(autouse=True)
def nobody_asked_before(monkeypatch):
    """What a process counts, it counts for one test."""
    monkeypatch.setattr(guard, "calls", Counter("600/minute"))
    monkeypatch.setattr(guard, "failures", Counter("60/minute"))


def robot(program, *scopes, whole_team=False, **fields):
    """Make a robot for the program, or for all of its team."""
    values = {"name": "release", "addresses": [], "expires_at": None, **fields}
    values["program"] = None if whole_team else program
    return actions.create_robot(program.team, scopes=list(scopes), by=program.created_by, **values)


def own(user, *scopes, **fields):
    """Make a token of the person's own."""
    values = {"name": "laptop", "addresses": [], "expires_at": None, **fields}
    return actions.create_own(user, scopes=list(scopes), **values)


class Sdk:
    """`sdk("CreateMNP", MNPName="Tide")` returns the response of the SDK's own client."""

    def __init__(self, made: actions.Made, url: str) -> None:
        self.made = made
        profile = ClientProfile(httpProfile=HttpProfile(endpoint=urlsplit(url).netloc, protocol="http"))
        self.client = TcsasClient(Credential(secret_id(made.row), secret_key(made.row)), "", profile)

    def __call__(self, action, **parameters):
        request = getattr(models, f"{action}Request")()
        request._deserialize({"PlatformId": "P001", **parameters})
        return getattr(self.client, action)(request)


@pytest.fixture
def sdk(live_server) -> Callable[[actions.Made], Sdk]:
    """Return what makes a client of the SDK with a token's keys."""
    return lambda made: Sdk(made, live_server.url)
