"""What the platform's own SDK does besides: programs, domains, previews, offline packages, upload keys (A-5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from console.api.manage import actions
from console.api.manage.models import Token
from console.api.tcsas import links
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from miniprograms.actions import put_on_shelf, take_off_shelf
from tests import factories
from tests.console.api.tcsas.conftest import own, robot

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("error:.*useless"),
]


@pytest.fixture
def program():
    return factories.make_program()


@pytest.fixture(autouse=True)
def base(live_server, settings):
    settings.BASE_URL = live_server.url
    return live_server.url


def code(run, *arguments, **parameters):
    """Return the code of the SDK's exception."""
    with pytest.raises(TencentCloudSDKException) as raised:
        run(*arguments, **parameters)
    return raised.value.code


def test_mini_programs_are_created_and_changed(sdk, program):
    manager = sdk(robot(program, "read", "configure", whole_team=True))
    described = {"MNPType": program.category.name, "MNPIntro": "Tides of the harbour", "MNPDesc": "Long"}
    made = manager("CreateMNP", MNPName="Tide", TeamId=str(program.team_id), **described).Data.ResourceId
    assert code(manager, "CreateMNP", MNPName="Tide", **described) == "InvalidParameterValue.InvalidMNPName"
    assert code(manager, "CreateMNP", MNPName="Ebb") == "InvalidParameterValue.InvalidMNPType"
    manager("ModifyMNP", MNPId=made, MNPName="Tides")
    [found] = manager("DescribeMNPList", Offset=0, Limit=10, Keyword="tide").Data.DataList
    assert (found.MNPId, found.MNPName, found.MNPIntro) == (made, "Tides", "Tides of the harbour")
    assert manager("DescribeMNP", MNPId=made).Data.MNPDesc == "Long"
    assert code(sdk(robot(program, "configure", name="one")), "CreateMNP", MNPName="Ebb") == "ResourceNotFound"


def test_domains_are_added_and_replaced(sdk, program):
    manager, mine = sdk(robot(program, "read", "configure")), {"MNPId": program.app_id}

    def domains():
        return {row.DomainType: row.DomainUrl for row in manager("DescribeMNPDomainACL", **mine).Data}

    first = [{"DomainType": 1, "DomainUrlList": ["https://a.example.com", "https://b.example.com"]}]
    assert manager("CreateMNPDomainACL", Domain=first, **mine).Data.Result is True
    more = [
        {"DomainType": 1, "DomainUrlList": ["https://c.example.com", "https://a.example.com"]},
        {"DomainType": 3, "DomainUrlList": ["wss://a.example.com"]},
    ]
    manager("CreateMNPDomainACL", Domain=more, **mine)
    assert domains() == {
        1: "https://a.example.com;https://b.example.com;https://c.example.com",
        3: "wss://a.example.com",
    }
    manager("ModifyMNPDomain", Domain=[{"DomainType": 1, "DomainUrlList": ["https://b.example.com"]}], **mine)
    assert domains() == {1: "https://b.example.com", 3: "wss://a.example.com"}
    bad = [{"DomainType": 1, "DomainUrlList": ["http://127.0.0.1"]}]
    assert code(manager, "CreateMNPDomainACL", Domain=bad, **mine) == "InvalidParameterValue.InvalidDomain"
    assert ActivityEntry.objects.filter(verb="domains.changed", source="api").count() == 3


def test_a_domain_that_is_there_stays_however_it_is_written(sdk, program):
    manager, mine = sdk(robot(program, "read", "configure")), {"MNPId": program.app_id}
    factories.make_domain(program, "b.example.com")
    again = ["B.example.com", "https://b.example.com:443/", "d.example.com"]
    manager("CreateMNPDomainACL", Domain=[{"DomainType": 1, "DomainUrlList": again}], **mine)
    [found] = manager("DescribeMNPDomainACL", **mine).Data
    assert found.DomainUrl == "https://b.example.com;https://d.example.com"
    many = [{"DomainType": 1, "DomainUrlList": ["a.example.com"] * 201}]
    assert code(manager, "CreateMNPDomainACL", Domain=many, **mine) == "InvalidParameterValue.InvalidDomainUrlList"


def test_a_preview_is_set_and_ended(sdk, program):
    version = factories.make_version(program)
    tester, asked = sdk(robot(program, "read", "trial")), {"MNPId": program.app_id, "MNPVersionId": version.pk}
    path = f"{version.package.pages[0]}?stop=harbour"
    assert tester("ConfigureMNPPreview", ActionType=1, PreivewEntrancePath=path, **asked).Data.Result is True
    seen = tester("DescribeMNPPreview", **asked).Data
    assert (seen.PreviewEntrancePath, seen.MNPVersion, seen.QRCodeContent) == (path, version.number, program.trial.link)
    wrong = code(tester, "ConfigureMNPPreview", ActionType=1, PreivewEntrancePath="pages/none", **asked)
    assert wrong == "InvalidParameterValue.InvalidPreivewEntrancePath"
    tester("ConfigureMNPPreview", ActionType=2, **asked)
    assert code(tester, "DescribeMNPPreview", **asked) == "ResourceNotFound"
    assert code(tester, "ConfigureMNPPreview", ActionType=2, **asked) == "FailedOperation.Conflict"


def test_the_link_of_a_preview_is_for_tokens_that_may_read_it(sdk, program):
    factories.make_trial(factories.make_version(program))
    reader = sdk(robot(program, "read", "upload"))
    assert code(reader, "DescribeMNPPreview", MNPId=program.app_id) == "UnauthorizedOperation"


def test_what_is_submitted_is_for_reviewers_and_their_tokens_that_decide(sdk, program):
    application = factories.make_binding(program).application
    audit = factories.make_audit(program)
    reviewer, beside = factories.make_reviewer(application), factories.make_member(application.team, "developer")
    reads, decides = sdk(own(reviewer, "read")), sdk(own(reviewer, "read", "decide", name="decides"))
    assert decides("DescribeMNPVersionAuditDetail", AuditNo=audit.number).Data.MNPRelAppCount == 1
    assert code(reads, "DescribeMNPVersionAuditDetail", AuditNo=audit.number) == "UnauthorizedOperation"
    page = {"Offset": 0, "Limit": 10}
    assert [each("DescribeMNPApprovalList", **page).Data.TotalCount for each in (decides, reads)] == [1, 0]
    others = own(beside, "read", "decide"), actions.create_robot(
        application.team, name="all", scopes=["read"], program=None, addresses=[], expires_at=None, by=beside
    )  # fmt: skip
    for other in map(sdk, others):
        assert code(other, "DescribeMNPVersionAuditDetail", AuditNo=audit.number) == "ResourceNotFound"


def test_an_offline_package_is_fetched_while_the_token_lives(sdk, program):
    keeper = sdk(robot(program, "read", "upload"))
    assert code(keeper, "DescribeMNPOfflinePackageURL", MNPId=program.app_id) == "FailedOperation"
    viewer = sdk(robot(program, "read", name="dashboard"))
    assert code(viewer, "DescribeMNPOfflinePackageURL", MNPId=program.app_id) == "UnauthorizedOperation"
    version = factories.make_online(program)
    address = keeper("DescribeMNPOfflinePackageURL", MNPId=program.app_id).Data.Data
    found = requests.get(address, timeout=30)
    assert (found.status_code, len(found.content)) == (200, version.package.size)
    assert ActivityEntry.objects.get(verb="offline.downloaded").actor_label == "release"
    assert requests.get(f"{address[:-2]}x/", timeout=30).status_code == 404
    actions.revoke(keeper.made.row, by=program.created_by)
    assert requests.get(address, timeout=30).status_code == 404


def test_an_address_of_a_file_opens_no_more_than_its_token(program):
    factories.make_online(program)
    program.refresh_from_db()
    made = own(factories.make_member(program.team, "developer"), "read")
    address = reverse("sdk_file", args=[links.signed(made.row, program)])
    assert Client().get(address).status_code == 200
    type(program.team).objects.update(requires_second_factor=True)
    answer = Client().get(address)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor")


def test_an_upload_key_uploads_and_goes_with_the_robot_that_made_it(sdk, program):
    admin = factories.make_member(program.team, "admin")
    maker = sdk(robot(program, "upload", "upload_keys"))
    made = maker("CreateMNPSecretKey", MNPId=program.app_id).Data
    key = Token.objects.get(sha256__startswith=made.KeyId.removeprefix("mpcid"))
    assert (key.scopes, key.mini_program, key.created_by) == (["upload"], program, maker.made.row.holder)
    assert key.expires_at
    entry = ActivityEntry.objects.filter(verb="token.created").latest("pk")
    assert (entry.actor_label, entry.source) == ("release", "api")
    assert admin.notifications.filter(text__contains=key.name).exists()

    maker.client.credential = Credential(made.KeyId, made.SecretKey)
    assert code(maker, "CreateMNPSecretKey", MNPId=program.app_id) == "UnauthorizedOperation"
    assert code(maker, "DescribeMNPVersion", BusinessId="x") == "ResourceNotFound"
    soon = timezone.now() + timedelta(days=1)
    actions.set_end(maker.made.row, expires_at=soon, by=admin)
    key.refresh_from_db()
    assert key.expires_at == soon  # with the token that made it, though that was to last for longer
    actions.revoke(maker.made.row, by=admin)
    assert code(maker, "DescribeMNPVersion", BusinessId="x") == "AuthFailure.SecretIdNotFound"


def test_only_a_robot_of_one_program_makes_upload_keys(sdk, program):
    with pytest.raises(ActionRefused, match="one mini program"):
        robot(program, "upload", "upload_keys", whole_team=True)
    with pytest.raises(ActionRefused):
        own(program.created_by, "upload", "upload_keys")
    reads = sdk(robot(program, "read", "upload_keys"))
    assert code(reads, "CreateMNPSecretKey", MNPId=program.app_id) == "FailedOperation"


def test_no_version_to_go_back_to_is_named_while_none_may_be(sdk, program):
    manager, mine = sdk(robot(program, "read", "publish")), {"MNPId": program.app_id}
    first, _second = (factories.make_online(program, number) for number in ("1.0.0", "1.1.0"))

    def offered():
        history = manager("DescribeMNPReleasedVersionHistory", **mine).Data
        assert history.TotalCount == len(history.DataList)
        [online] = manager("DescribeMNPAllStageVersions", **mine).Data
        return online.RollbackVersion, [row.MNPVersionId for row in history.DataList]

    assert offered() == (first.pk, [first.pk])
    take_off_shelf(program, by=program.created_by, reason="Storm")
    assert offered() == (0, [])
    put_on_shelf(program, by=program.created_by)
    manager("RollbackMNPVersion", MNPVersionId=first.pk, **mine)
    assert offered() == (0, [])
