"""New version when the storage fails: a sentence beside the file, what was typed stays, nothing is left behind."""

from __future__ import annotations

import os
import tempfile

import pytest
from django.urls import reverse

from console.base.activity.models import ActivityEntry
from releases import actions
from releases.models import Package, Version
from tests import factories
from tests.disks import FAILING, files_in, full_disk, move_packages
from tests.stored import folders_only

pytestmark = pytest.mark.django_db
FULL = "Nothing was saved: the storage is full. Contact an operator, then choose the file again."
UNWRITABLE = "Nothing was saved: the storage isn’t writable. Try again later, or contact an operator."
WORDS = {"full": FULL, "can't be written": UNWRITABLE, "no folder": UNWRITABLE}
failing_storages = pytest.mark.parametrize("failing", FAILING)


@pytest.fixture
def program():
    return factories.make_program()


def large_zip():
    """More than the disk of 64 kB takes, also packed."""
    return factories.make_zip({"images/noise.png": os.urandom(200_000)})


def refused(signed_in, program, **typed):
    """Send the form; return the errors of a refusal that keeps what was typed."""
    data = {"file": large_zip(), "number": "1.0.0", "notes": "Typed already", **typed}
    response = signed_in(program.created_by).post(reverse("releases:upload", args=[program.app_id]), data)
    page = response.content.decode()
    assert (response.status_code, "Typed already" in page, f'value="{data["number"]}"' in page) == (422, True, True)
    assert (Version.objects.count(), Package.objects.count()) == (0, 0)
    assert not ActivityEntry.objects.filter(verb="version.uploaded").exists()
    return response.context["form"].errors


def repack_in(root, monkeypatch, settings):
    """Have packages repacked in a folder: that of packages, or for a bucket that of temporary files."""
    if settings.STORAGE_URL:
        settings.FILE_UPLOAD_TEMP_DIR = tempfile.gettempdir()
        monkeypatch.setattr(tempfile, "tempdir", str(root))
    else:
        move_packages(monkeypatch, root)


@failing_storages
def test_where_the_package_is_repacked(signed_in, program, failing, settings, monkeypatch):
    with FAILING[failing]() as root:
        repack_in(root, monkeypatch, settings)
        assert refused(signed_in, program) == {"file": [WORDS[failing]]}
        assert files_in(root) == set()


@folders_only
def test_with_room_again_the_same_upload_succeeds(signed_in, program, monkeypatch):
    with full_disk() as root, monkeypatch.context() as patch:
        move_packages(patch, root)
        refused(signed_in, program)
    version = actions.upload(program, file=large_zip(), number=(1, 0, 0), notes="", by=program.created_by)
    assert version.package.file.size == version.package.size


@failing_storages
def test_the_folder_of_temporary_files_while_the_upload_arrives(signed_in, program, failing, settings):
    with FAILING[failing]() as root:
        settings.FILE_UPLOAD_TEMP_DIR = root
        assert refused(signed_in, program) == {"file": [WORDS[failing]]}
        assert files_in(root) == set()


@failing_storages
def test_beside_a_wrong_number(signed_in, program, failing, settings, monkeypatch):
    with FAILING[failing]() as root:
        repack_in(root, monkeypatch, settings)
        errors = refused(signed_in, program, number="1.0")
    assert (errors["file"], sorted(errors)) == ([WORDS[failing]], ["file", "number"])


@folders_only
def test_a_content_that_is_stored_already_needs_no_room(program, monkeypatch):
    other = factories.make_program()
    first = actions.upload(program, file=factories.make_zip(), number=(1, 0, 0), notes="", by=program.created_by)
    with full_disk() as root:
        move_packages(monkeypatch, root)
        second = actions.upload(other, file=factories.make_zip(), number=(1, 0, 0), notes="", by=other.created_by)
    assert first.package == second.package
