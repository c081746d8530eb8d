"""Every action of the SDK, as every token (A-1, A-5): the permission table of the pages, and the scopes besides."""

from __future__ import annotations

from random import Random

import pytest
from django.utils import timezone
from tencentcloud.tcsas.v20250106 import models

from console.api.manage import actions
from console.api.manage.models import UploadedPackage
from console.api.manage.states import OF_PEOPLE, Scope
from console.api.tcsas.views import ACTIONS
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission
from tests import factories
from tests.console.api.tcsas.conftest import own, robot
from tests.console.api.tcsas.signing import call
from tests.console.world import make_world

pytestmark = pytest.mark.django_db

LISTED = {
    "CreateMNPVersion", "DescribeMNPVersion", "CreateMNPApproval", "DescribeMNPVersionAuditList",
    "DescribeMNPVersionAuditDetail", "ProcessMNPApproval", "ReleaseMNPVersion", "RollbackMNPVersion",
    "DescribeMNPAllStageVersions", "DescribeMNPReleasedVersionHistory", "ConfigureMNPPreview", "DescribeMNPPreview",
    "DescribeMNPOfflinePackageURL", "CreateMNPSecretKey", "CreateMNPDomainACL", "DescribeMNPDomainACL",
    "ModifyMNPDomain", "CreateMNP", "ModifyMNP", "DescribeMNPList",
}  # fmt: skip
FOREIGN = ("ResourceNotFound",)
# What lists one's own, or begins with nothing, belongs to nobody else.
OF_NOBODY = {"DescribeMNPList", "DescribeMNPApprovalList", "CreateMNP"}


@pytest.fixture(scope="module")
def parameters():
    """What an action must be sent, so that it comes to the question who may."""

    def filled(world):
        program = world.program
        version = program.versions.in_audit().get()
        task, _new = UploadedPackage.objects.get_or_create(
            mini_program=program, size=1, number="9.9.9", defaults={"begun_at": timezone.now()}
        )
        audit = world.arguments["audit_number"]
        item = {"AppId": world.arguments["application_id"], "ApprovalResult": 3, "ApprovalNote": ""}
        return {
            "PlatformId": "any", "MNPId": program.app_id, "MNPVersionId": version.pk, "MNPVersion": "9.9.9",
            "FileUrl": "https://example.com/", "BusinessId": task.key, "ApplyAction": "none", "AuditNo": audit,
            "ApprovalNo": audit, "ApprovalItems": [item], "ActionType": 9, "Domain": [{"DomainType": 9}],
            "MNPName": "x", "TeamId": "0", "Offset": 0, "Limit": 10,
        }  # fmt: skip

    return filled


def made_world(label):
    world = make_world(label)
    world.program = world.people["viewer"].team_roles[0].team.mini_programs.get(app_id=world.arguments["app_id"])
    return world


def test_every_action_as_every_token(parameters):
    assert set(ACTIONS) >= LISTED
    world, foreign = made_world("Own"), made_world("Other")
    asked, everything = parameters(world), [scope.value for scope in OF_PEOPLE]
    outsider = own(foreign.people["admin"], *everything)
    people = {role: own(user, *everything) for role, user in world.people.items()}
    without = {scope: robot(world.program, Scope.READ, name="reads") for scope in (Scope.UPLOAD_KEYS,)}
    for scope in OF_PEOPLE:
        scopes = [each for each in everything if each != scope]
        without[scope] = own(world.people["admin"], *scopes, name=f"no {scope}")
    revoked = own(world.people["admin"], *everything, name="revoked")
    actions.revoke(revoked.row, by=world.people["admin"])
    elsewhere = robot(factories.make_program(world.program.team), "read", "upload", "submit", "trial", "publish")
    wrong = []
    for name, action in ACTIONS.items():
        if call(revoked, name, asked) != "AuthFailure.SecretIdNotFound":
            wrong.append((name, "open to a revoked token"))
        if call(without[action.scope], name, asked) != "UnauthorizedOperation":
            wrong.append((name, "needs no scope"))
        if action.scope is Scope.UPLOAD_KEYS:
            continue  # of robots alone; below
        if name not in OF_NOBODY and call(outsider, name, asked) not in FOREIGN:
            wrong.append((name, "open to another team"))
        is_theirs = action.scope in elsewhere.row.scopes and name not in OF_NOBODY
        if is_theirs and call(elsewhere, name, asked) not in FOREIGN:
            wrong.append((name, "open to a robot of another program"))
        for role, made in people.items():
            held = TEAM_ROLE_PERMISSIONS.get(role, TEAM_ROLE_PERMISSIONS["viewer"])
            if action.permission in held | {Permission.DECIDE, Permission.SIGNED_IN}:
                continue  # verbs have tests of their own, and who decides is below
            if call(made, name, asked) != "UnauthorizedOperation":
                wrong.append((name, f"open to {role}"))
    assert wrong == []


def test_only_reviewers_decide(parameters):
    world = made_world("Own")
    for role in ("admin", "license_holder", "developer", "viewer"):
        assert (
            call(own(world.people[role], "decide"), "ProcessMNPApproval", parameters(world)) == "UnauthorizedOperation"
        )


@pytest.mark.filterwarnings("error:.*useless")  # what the SDK says of a field that its models don't have
def test_answers_have_the_fields_that_the_sdk_knows(parameters):
    world = made_world("Own")
    program, asked = world.program, parameters(world)
    reader = robot(program, "read", "upload", "configure")
    for name in (
        "DescribeMNPList", "DescribeMNP", "DescribeMNPAllStageVersions", "DescribeMNPReleasedVersionHistory",
        "DescribeMNPVersionAuditList", "DescribeMNPVersionAuditDetail", "DescribeMNPDomainACL", "DescribeMNPVersion",
    ):  # fmt: skip
        data = call(reader, name, asked)
        assert not isinstance(data, str), (name, data)
        getattr(models, f"{name}Response")()._deserialize({"Data": data, "RequestId": "x"})


TEXTS = ("", "x" * 3000, "\u202e\ud83d\ude00", "1.0.0", "-1")
ODD = (*TEXTS, 0, -1, 1, 2**31, 2**63, 2**70, 1.5, None, True, [], {}, [[]], ["a"], {"a": 1})


def test_no_parameters_are_too_odd(parameters):
    """A fault of ours would be InternalError; 8 calls of each action, each with two odd parameters."""
    world, chance = made_world("Own"), Random(7)
    asked = parameters(world)
    people = {role: own(world.people[role], *(scope.value for scope in OF_PEOPLE)) for role in ("admin", "reviewer")}
    maker = robot(world.program, "upload", "upload_keys")
    found = set()
    for name, action in ACTIONS.items():
        made = people["reviewer" if action.permission is Permission.DECIDE else "admin"]
        made = maker if action.scope is Scope.UPLOAD_KEYS else made
        for _time in range(8):
            odd = {key: chance.choice(ODD) for key in chance.sample(sorted(asked), 2)}
            inside = chance.choice([{}, {"ApprovalItems": [odd], "Domain": [odd]}])
            answer = call(made, name, {**asked, **odd, **inside})
            found.add((name, answer) if isinstance(answer, str) else (name, "answered"))
    assert {each for each in found if each[1] in ("InternalError", "")} == set()
    assert len(found) > len(ACTIONS)
