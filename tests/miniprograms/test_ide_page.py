"""The operators' page of IDE downloads (P-12, L-5), each change with one entry (P-5)."""

import pytest
from django.urls import reverse

from miniprograms.models import IdeDownload
from tests import factories
from tests.activity import entries

pytestmark = pytest.mark.django_db
LIST = reverse("platform:ide")
ADD = reverse("platform:add_ide_download")
DELETE = reverse("platform:selected_ide", args=["delete"])
FIELDS = {
    "version": "3.8.1",
    "platform": "macos",
    "requirement": "13 or later",
    "url": "https://example.com/ide.dmg",
    "size": 150_000_000,
    "released_on": "2026-11-01",
    "notes": "One.\r\nTwo.",
}


def make(version, platform="macos", day="2026-11-01"):
    url = f"https://example.com/{version}"
    return IdeDownload.objects.create(version=version, platform=platform, url=url, released_on=day)


def edit_url(download):
    return reverse("platform:edit_ide_download", args=[download.pk])


def test_list(operator_client):
    make("3.8.0", day="2026-10-01")
    make("3.8.1")
    make("3.8.1", "windows", day="2026-09-01")

    def shown(**query):
        return [f"{row}" for row in operator_client.get(LIST, query).context["page"].object_list]

    assert shown() == ["3.8.1, macOS", "3.8.0, macOS", "3.8.1, Windows"]
    make("3.10.0", "linux", day="2026-08-01")
    make("3.9.99999999999", "linux", day="2026-08-01")
    assert shown(sort="-version")[:3] == ["3.10.0, Linux", "3.9.99999999999, Linux", "3.8.1, macOS"]
    IdeDownload.objects.filter(platform="linux").delete()
    page = operator_client.get(LIST)
    assert page.context["filter"].counts == {"": 3, "macos": 2, "windows": 1, "linux": 0}
    assert page.content.decode().count("Newest") == 2
    assert shown(platform="windows") == ["3.8.1, Windows"]
    assert shown(q="3.8.0") == ["3.8.0, macOS"]
    assert shown(sort="released")[0] == "3.8.1, Windows"


def test_a_version_with_other_digits_from_before_comes_last_when_sorted(operator_client):
    for version in ("３.８.１", "3.10.0", "3.8.1"):
        make(version)
    assert [row.version for row in operator_client.get(LIST, {"sort": "version"}).context["page"].object_list] == [
        "3.8.1",
        "3.10.0",
        "３.８.１",
    ]
    shown = operator_client.get(LIST, {"sort": "-version"}).context["page"].object_list
    assert [row.version for row in shown] == ["3.10.0", "3.8.1", "３.８.１"]


def test_an_empty_list_offers_the_first_act(operator_client):
    assert "No downloads yet" in operator_client.get(LIST).content.decode()
    assert "No matches" in operator_client.get(LIST, {"platform": "linux"}).content.decode()


def test_create_and_edit(operator_client):
    assert operator_client.post(ADD, FIELDS)["Location"] == LIST
    download = IdeDownload.objects.get()
    assert (download.notes, download.size, str(download.released_on)) == ("One.\nTwo.", 150_000_000, "2026-11-01")
    page = operator_client.get(edit_url(download)).content.decode()
    assert 'value="2026-11-01"' in page
    assert operator_client.post(edit_url(download), {**FIELDS, "requirement": ""}).status_code == 302
    assert entries() == [
        ("ide_download.created", "Olga", "3.8.1, macOS"),
        ("ide_download.edited", "Olga", "3.8.1, macOS"),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": "three"}, "version"),
        ({"version": "３.８.１"}, "version"),
        ({"platform": "amiga"}, "platform"),
        ({"url": "http://example.com/ide"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"size": 0}, "size"),
        ({"size": 10**30}, "size"),
        ({"released_on": "yesterday"}, "released_on"),
        ({"version": "3.8.0"}, "__all__"),
    ],
)
def test_bad_input_is_refused_and_stays(operator_client, changes, field):
    make("3.8.0")
    response = operator_client.post(ADD, {**FIELDS, **changes})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert "One." in response.content.decode()
    assert entries() == []


def test_delete_one_and_several(operator_client):
    first, second, third = (make(version) for version in ("3.8.0", "3.8.1", "3.8.2"))
    one = reverse("platform:delete_ide_download", args=[first.pk])
    assert "Delete IDE 3.8.0 for macOS?" in operator_client.get(one).content.decode()
    assert operator_client.post(one)["Location"] == LIST
    assert "Delete 2 downloads?" in operator_client.get(DELETE, {"row": [second.pk, third.pk]}).content.decode()
    operator_client.post(DELETE, query_params={"row": [second.pk, third.pk]})
    assert not IdeDownload.objects.exists()
    assert sorted(entries()) == [("ide_download.deleted", "Olga", f"3.8.{n}, macOS") for n in range(3)]


def test_the_password_is_asked_again(operator_client, settings):
    """P-4: who only borrows an open browser changes nothing."""
    settings.SUDO_SECONDS = 0
    response = operator_client.post(ADD, FIELDS)
    assert response.status_code == 403
    assert 'name="version" value="3.8.1"' in response.content.decode()
    assert operator_client.post(ADD, {**FIELDS, "sudo_password": factories.PASSWORD}).status_code == 302
