"""Icons of mini programs when the storage fails: a sentence beside the icon, and nothing is left behind."""

from __future__ import annotations

import pytest
from django.urls import reverse

from miniprograms.models import MiniProgram
from tests import factories
from tests.disks import FAILING, FILLER, files_in, fill, full_disk, move_icons
from tests.stored import folders_only

pytestmark = [pytest.mark.django_db, folders_only]
FULL = "Nothing was saved: the storage is full. Contact an operator, then choose the file again."
UNWRITABLE = "Nothing was saved: the storage isn’t writable. Try again later, or contact an operator."
WORDS = {"full": FULL, "can't be written": UNWRITABLE, "no folder": UNWRITABLE}
failing_storages = pytest.mark.parametrize("failing", FAILING)


@pytest.fixture
def failing_icons(failing, monkeypatch):
    with FAILING[failing]() as root:
        fill(root)
        move_icons(monkeypatch, root)
        yield root


def typed(**changes):
    fields = {"name": "City Bus", "introduction": "Buses of the city.", "description": "Kept as typed"}
    return {**fields, "icon": factories.make_icon(), "category": factories.make_category().pk, **changes}


@failing_storages
def test_create(signed_in, failing, failing_icons):
    team = factories.make_team("Harbour")
    client = signed_in(factories.make_member(team, "license_holder"))
    response = client.post(reverse("miniprograms:create"), typed(team=team.pk))
    assert response.context["form"].errors == {"icon": [WORDS[failing]]}
    page = response.content.decode()
    assert (response.status_code, "Kept as typed" in page, "Choose the icon again" in page) == (422, True, True)
    assert (MiniProgram.objects.count(), files_in(failing_icons) - {FILLER}) == (0, set())


@pytest.fixture
def program():
    """Its icon lies where icons usually do."""
    return factories.make_program()


@failing_storages
def test_edit(program, signed_in, failing, failing_icons):
    url = reverse("miniprograms:edit", args=[program.app_id])
    before = program.icon.name
    response = signed_in(program.created_by).post(url, typed(revision=program.revision, name="Renamed"))
    assert (response.status_code, response.context["form"].errors) == (422, {"icon": [WORDS[failing]]})
    program.refresh_from_db()
    assert (program.icon.name, program.revision, program.name == "Renamed") == (before, 1, False)
    assert files_in(failing_icons) - {FILLER} == set()


def test_the_folder_of_temporary_files(program, signed_in, settings):
    with full_disk() as root:
        fill(root)
        settings.FILE_UPLOAD_TEMP_DIR = root
        url = reverse("miniprograms:edit", args=[program.app_id])
        response = signed_in(program.created_by).post(url, typed(revision=program.revision))
    assert (response.status_code, response.context["form"].errors) == (422, {"icon": [FULL]})
