"""From a file to published and back, by the platform's own SDK, unchanged (A-5)."""

from __future__ import annotations

import pytest
import requests
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from console.api.manage.models import Upload, UploadedPackage
from console.base.activity.models import ActivityEntry
from releases.models import package_storage
from tests import factories
from tests.console.api.tcsas.conftest import own, robot

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("error:.*useless"),  # what the SDK says of a field that its models don't have
]


@pytest.fixture
def program():
    return factories.make_program()


@pytest.fixture
def base(live_server, settings):
    settings.BASE_URL = live_server.url
    return live_server.url


def upload(base, program, made, file=None):
    """Bring a file to the console; return its FileUrl."""
    answer = requests.post(
        f"{base}/api/v1/programs/{program.app_id}/uploads",
        files={"file": ("package.zip", (file or factories.make_zip()).read())},
        headers={"Authorization": f"Bearer {made.secret}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


def version_by(sdk, base, program, number, file=None, **more):
    """Upload and make a version; return what its task says."""
    address = upload(base, program, sdk.made, file)
    task = sdk("CreateMNPVersion", MNPId=program.app_id, MNPVersion=number, FileUrl=address, **more).Data
    return sdk("DescribeMNPVersion", BusinessId=task.TaskId).Data


def test_a_pipeline_and_a_reviewer_by_the_sdk(sdk, base, program):
    application = factories.make_binding(program).application
    reviewer = factories.make_reviewer(application, "app_admin")
    pipeline = sdk(robot(program, "read", "upload", "submit", "publish"))
    decides = sdk(own(reviewer, "read", "decide"))
    ids = []
    for number in ("1.0.0", "1.1.0"):
        done = version_by(pipeline, base, program, number, MNPVersionIntro="From the SDK")
        assert (done.TaskStatus, done.MNPId) == (60, program.app_id)
        assert done.SubPackageInfos[0].Name == "main" and done.SubPackageInfos[0].Size > 0
        ids.append(done.MNPVersionId)
        audit = pipeline("CreateMNPApproval", MNPVersionId=done.MNPVersionId, ApplyAction="submit").Data
        [waiting] = decides("DescribeMNPApprovalList", Offset=0, Limit=10, ApprovalStatusList=[1]).Data.DataList
        assert (waiting.ApprovalNo, waiting.MNPVersion) == (audit.ApprovalNo, number)
        assert pipeline("DescribeMNPApprovalList", Offset=0, Limit=10).Data.TotalCount == 0
        seen = decides("DescribeMNPVersionAuditDetail", AuditNo=audit.ApprovalNo).Data
        assert (seen.AuditStatus, seen.MNPVersionIntro) == (1, "From the SDK")
        item = {"AppId": application.application_id, "ApprovalResult": 3, "ApprovalNote": "Good"}
        assert decides("ProcessMNPApproval", ApprovalNo=audit.ApprovalNo, ApprovalItems=[item]).Data.Result is True
        assert pipeline("ReleaseMNPVersion", MNPVersionId=done.MNPVersionId).Data.Result is True

    stages = pipeline("DescribeMNPAllStageVersions", MNPId=program.app_id).Data
    assert [(row.MNPVersion, row.Phase, row.RollbackVersion) for row in stages] == [("1.1.0", "Online", ids[0])]
    [earlier] = pipeline("DescribeMNPReleasedVersionHistory", MNPId=program.app_id).Data.DataList
    assert (earlier.MNPVersionId, earlier.MNPVersion) == (ids[0], "1.0.0")
    assert pipeline("RollbackMNPVersion", MNPId=program.app_id, MNPVersionId=ids[0]).Data.Result is True
    program.refresh_from_db()
    assert program.online_number == "1.0.0"
    audits = pipeline("DescribeMNPVersionAuditList", MNPId=program.app_id, Offset=0, Limit=10).Data
    assert (audits.TotalCount, audits.DataList[0].AuditStatus) == (2, 3)
    assert audits.DataList[0].AuditAppList[0].ApplicationId == application.application_id
    [listed] = pipeline("DescribeMNPList", Offset=0, Limit=10).Data.DataList
    assert (listed.MNPId, listed.MNPName, listed.Status) == (program.app_id, program.name, 1)

    entry = ActivityEntry.objects.get(verb="version.rolled_back")
    assert (entry.source, entry.actor_label) == ("api", "release")
    assert not any(package_storage().exists(file.path) for file in UploadedPackage.objects.all())


def test_what_a_package_is_refused_for_is_in_its_task(sdk, base, program):
    pipeline = sdk(robot(program, "upload"))
    bad = factories.make_zip({"images/Logo.png": "x", "images/logo.png": "x"}, pages=["pages/gone/gone"])
    done = version_by(pipeline, base, program, "1.0.0", bad)
    assert (done.TaskStatus, done.MNPVersionId) == (30, None)
    assert len(done.TaskMsg.splitlines()) >= 3
    assert not program.versions.exists()
    noted = Upload.objects.get()
    assert (noted.is_accepted, noted.reason) == (False, done.TaskMsg.splitlines()[1])


def test_both_ways_to_upload_note_a_refusal_in_the_same_words(sdk, base, program):
    pipeline = sdk(robot(program, "upload"))
    bad = factories.make_zip({"images/Logo.png": "x", "images/logo.png": "x"}, pages=["pages/gone/gone"])
    version_by(pipeline, base, program, "1.0.0", bad)
    bad.seek(0)
    answer = requests.post(
        f"{base}/api/v1/programs/{program.app_id}/versions",
        {"number": "1.0.0"},
        files={"file": bad},
        headers={"Authorization": f"Bearer {pipeline.made.secret}"},
        timeout=60,
    )
    assert answer.status_code == 422
    first, second = Upload.objects.values_list("reason", flat=True)
    assert first == second
    assert answer.json()["findings"][0]["title"] in first


def test_refusals_say_which_parameter_is_wrong(sdk, base, program):
    factories.make_version(program, "1.0.0")
    pipeline = sdk(robot(program, "upload", "read"))
    address = upload(base, program, pipeline.made)
    for parameters, code in (
        ({"MNPVersion": "1.0.0", "FileUrl": address}, "InvalidParameterValue.InvalidMNPVersion"),
        ({"MNPVersion": "1.1.0", "FileUrl": "https://example.com/a.zip"}, "InvalidParameterValue.InvalidFileUrl"),
        ({"MNPVersion": "1.1.0", "FileUrl": "http://127.0.0.1:5432/"}, "InvalidParameterValue.InvalidFileUrl"),
        ({"MNPVersion": "1.1.0", "FileUrl": f"{address}?x"}, "InvalidParameterValue.InvalidFileUrl"),
        ({"MNPVersion": "1.1.0"}, "MissingParameter"),
    ):
        with pytest.raises(TencentCloudSDKException) as raised:
            pipeline("CreateMNPVersion", MNPId=program.app_id, **parameters)
        assert raised.value.code == code
        assert raised.value.requestId
    tasks = {
        pipeline("CreateMNPVersion", MNPId=program.app_id, MNPVersion="1.1.0", FileUrl=address).Data.TaskId
        for _time in range(2)
    }
    assert len(tasks) == 1  # the same call twice is one version
    with pytest.raises(TencentCloudSDKException, match=r"FailedOperation\.Conflict"):
        pipeline("CreateMNPVersion", MNPId=program.app_id, MNPVersion="1.2.0", FileUrl=address)
    for action in ("DescribeTeamList", "CreatePresetKey"):
        with pytest.raises(TencentCloudSDKException, match="InvalidAction"):
            pipeline(action)
    assert requests.post(base, json={}, timeout=30).status_code == 403  # as ever, without a page's CSRF token
