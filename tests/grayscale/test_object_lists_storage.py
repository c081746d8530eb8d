"""A txt of objects when there is no room for what people upload: a sentence, and nothing is read."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from grayscale.models import GrayscaleTask, ObjectList
from tests import factories
from tests.disks import full_disk
from tests.grayscale.pages import typed

pytestmark = pytest.mark.django_db
FULL = "Nothing was saved: the storage is full. Contact an operator, then choose the file again."


@pytest.fixture
def version():
    return factories.make_candidate()


@pytest.fixture
def client(version, signed_in, settings):
    """Whose uploads meet a full disk."""
    client = signed_in(version.mini_program.created_by)
    with full_disk() as root:
        settings.FILE_UPLOAD_TEMP_DIR = root
        yield client


def txt():
    return SimpleUploadedFile("pilot.txt", b"0302" + b"1" * 28 + b"\n" * 200_000, content_type="text/plain")


def test_by_itself(client, version):
    url = reverse("grayscale:lists", args=[version.mini_program.app_id])
    response = client.post(url, {"kind": "guid", "file": txt()})
    assert [json.loads(line) for line in response.streaming_content] == [{"error": FULL}]
    assert not ObjectList.objects.exists()


def test_with_the_form(client, version):
    url = reverse("grayscale:create", args=[version.mini_program.app_id])
    objects = {"objects-guid_use": "on", "objects-guid_mode": "upload", "objects-guid_file": txt()}
    response = client.post(url, {**typed(version), **objects})
    page = response.content.decode()
    assert (response.status_code, FULL in page.replace("&#x27;", "'")) == (422, True)
    assert "Choose the txt file, or remove this list." not in page
    assert "New timetable, pilot group" in page
    assert (GrayscaleTask.objects.count(), ObjectList.objects.count()) == (0, 0)
