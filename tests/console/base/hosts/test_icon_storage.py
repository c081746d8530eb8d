"""Icons of applications when the storage fails: a sentence beside the icon, and nothing is left behind."""

from __future__ import annotations

import pytest
from django.urls import reverse

from console.base.hosts.models import HostApplication
from tests import factories
from tests.disks import FAILING, FILLER, files_in, fill, move_icons
from tests.stored import folders_only

pytestmark = [pytest.mark.django_db, folders_only]
FULL = "Nothing was saved: the storage is full. Contact an operator, then choose the file again."
UNWRITABLE = "Nothing was saved: the storage isn’t writable. Try again later, or contact an operator."
WORDS = {"full": FULL, "can't be written": UNWRITABLE, "no folder": UNWRITABLE}


@pytest.fixture(params=FAILING)
def words(request, monkeypatch):
    """A storage that fails in each way, and what is said then."""
    with FAILING[request.param]() as root:
        fill(root)
        move_icons(monkeypatch, root)
        yield WORDS[request.param]
        assert files_in(root) - {FILLER} == set()


def typed(**fields):
    return {"name": "Metro Wallet", "description": "Kept as typed", "icon": factories.make_icon(), **fields}


def test_create(words, signed_in):
    team = factories.make_team()
    client = signed_in(factories.make_member(team, "admin"))
    response = client.post(reverse("hosts:create"), typed(team=team.pk))
    assert (response.status_code, response.context["form"].errors) == (422, {"icon": [words]})
    assert "Kept as typed" in response.content.decode()
    assert HostApplication.objects.count() == 0


def test_edit(words, signed_in):
    application = factories.make_application(name="Metro Wallet")
    administrator = factories.make_reviewer(application, "app_admin")
    url = reverse("hosts:edit", args=[application.application_id])
    response = signed_in(administrator).post(url, typed(revision=application.revision))
    assert (response.status_code, response.context["form"].errors) == (422, {"icon": [words]})
    application.refresh_from_db()
    assert (application.icon.name, application.revision) == ("", 1)
