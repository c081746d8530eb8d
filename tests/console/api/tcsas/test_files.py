"""Files that wait to become versions, and the page that shows what the SDK signs with (A-5)."""

from __future__ import annotations

import errno
import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.api.manage import files, rules
from console.api.manage.models import Token, UploadedPackage
from console.api.manage.sdk_keys import secret_id, secret_key
from console.base.core.errors import ActionRefused
from console.base.core.retention import delete
from console.base.core.uploads import LostUpload
from releases.models import package_storage
from tests import factories
from tests.console.api.tcsas.conftest import robot
from tests.console.api.tcsas.signing import call
from tests.console.holding import another, impatient

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return factories.make_program()


def waiting(program):
    return files.keep(program, file=SimpleUploadedFile("a.zip", factories.make_zip().read()))


def create(made, upload, number="1.0.0"):
    asked = {"MNPId": upload.mini_program.app_id, "MNPVersion": number, "FileUrl": files.address_of(upload)}
    return call(made, "CreateMNPVersion", asked)


def test_a_file_is_good_for_twelve_hours_and_gone_after_a_day(program):
    made, upload = robot(program, "upload"), waiting(program)
    assert package_storage().exists(upload.path)
    UploadedPackage.objects.update(created_at=timezone.now() - timedelta(hours=13))
    assert create(made, upload) == "InvalidParameterValue.InvalidFileUrl"
    assert delete("waiting_files", at=timezone.now()) == 0
    assert delete("waiting_files", at=timezone.now() + timedelta(days=1)) == 1
    assert not package_storage().exists(upload.path)
    assert not UploadedPackage.objects.exists()


def test_a_file_is_of_its_program_alone(program):
    other = factories.make_program(program.team)
    upload = waiting(other)
    asked = {"MNPId": program.app_id, "MNPVersion": "1.0.0", "FileUrl": files.address_of(upload)}
    assert (
        call(robot(program, "upload", whole_team=True), "CreateMNPVersion", asked)
        == "InvalidParameterValue.InvalidFileUrl"
    )


def test_a_file_that_is_lost_or_a_process_that_died_fails_its_task(program):
    made, lost = robot(program, "upload"), waiting(program)
    package_storage().delete(lost.path)
    task = create(made, lost)["TaskId"]
    assert call(made, "DescribeMNPVersion", {"BusinessId": task})["TaskStatus"] == 30
    died = waiting(program)
    for minutes, status in ((1, 20), (16, 30)):
        UploadedPackage.objects.filter(pk=died.pk).update(begun_at=timezone.now() - timedelta(minutes=minutes))
        assert call(made, "DescribeMNPVersion", {"BusinessId": died.key})["TaskStatus"] == status


def test_what_waits_is_bounded_and_what_is_too_large_is_refused(program, settings, monkeypatch):
    made = robot(program, "upload")
    client = Client(headers={"Authorization": f"Bearer {made.secret}"})
    address = f"/api/v1/programs/{program.app_id}/uploads"
    settings.PACKAGE_LIMITS = {"upload_size": 1000}
    answer = client.post(address, {"file": ContentFile(b"x" * 1001, name="a.zip")})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")
    assert client.post(address, {"file": ContentFile(b"x", name="a.zip")}).status_code == 201
    monkeypatch.setattr(rules, "MOST_UPLOADS", 1)
    assert client.post(address, {"file": ContentFile(b"x", name="a.zip")}).status_code == 422


def test_the_page_shows_the_keys_once_beside_the_token(program, signed_in):
    admin = signed_in(factories.make_member(program.team, "admin"))
    asked = {"name": "release", "scopes": ["read"], "mini_program": program.pk}
    page = admin.post(reverse("automation:new_robot", args=[program.team_id]), asked).content.decode()
    token = Token.objects.get()
    assert secret_id(token) in page and secret_key(token) in page and "For the platform" in page
    again = admin.post(
        reverse("automation:replace_robot", args=[program.team_id, token.pk]), {"seen": token.hint}
    ).content.decode()
    former, token = secret_key(token), Token.objects.get()
    assert secret_key(token) in again and former not in again
    shown = admin.get(reverse("automation:tokens")).content.decode()
    assert secret_key(token) not in shown and not re.search("mpcid[0-9a-f]", shown)


def test_what_no_disk_could_keep_is_refused_beside_the_file(program):
    with pytest.raises(ActionRefused) as refused:
        files.keep(program, file=LostUpload("a.zip", 5, OSError(errno.ENOSPC, "full")))
    assert refused.value.field == "file"
    assert not UploadedPackage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_files_that_come_at_a_time_count_for_each_other(program):
    with another() as connection, impatient():
        connection.execute("SELECT FROM miniprograms_miniprogram WHERE id = %s FOR NO KEY UPDATE", [program.pk])
        with pytest.raises(OperationalError):
            waiting(program)
