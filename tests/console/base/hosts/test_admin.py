"""The sensitive APIs that operators keep for every application (D-3), each change with one entry (P-5)."""

import pytest
from django.urls import reverse

from console.base.activity.models import ActivityEntry
from console.base.hosts.models import DefaultApi
from tests import factories

pytestmark = pytest.mark.django_db
ADD = reverse("admin:hosts_defaultapi_add")
LIST = reverse("admin:hosts_defaultapi_changelist")


@pytest.fixture
def kept():
    return DefaultApi.objects.create(name="wx.openDoor", title="Open the door")


def entries():
    return [
        (row.verb, row.actor_label, row.target_label, row.changes()) for row in ActivityEntry.objects.order_by("pk")
    ]


def test_a_new_one_goes_into_every_list_as_public(operator_client):
    first, second = factories.make_application(), factories.make_application()
    factories.make_api(second, "wx.openDoor", title="Its own")
    fields = {"name": "wx.openDoor", "title": " Open  the door ", "restricted": "on"}
    assert operator_client.post(ADD, fields).status_code == 302
    api = DefaultApi.objects.get(name="wx.openDoor")
    assert (api.title, api.restricted) == ("Open the door", True)
    assert list(first.apis.values_list("name", "title", "restricted")) == [("wx.openDoor", "Open the door", False)]
    assert list(second.apis.values_list("name", "title", "restricted")) == [("wx.openDoor", "Its own", True)]
    values = [("name", None, "wx.openDoor"), ("restricted", None, True), ("title", None, "Open the door")]
    assert [(*row[:3], sorted(row[3])) for row in entries()] == [
        ("default_api.created", "Olga", "wx.openDoor", values),
    ]


def test_an_edit_is_for_applications_to_come(operator_client, kept):
    listed = factories.make_api(factories.make_application(), kept.name, title="Open the door")
    change = reverse("admin:hosts_defaultapi_change", args=[kept.pk])
    for _twice in range(2):
        assert operator_client.post(change, {"name": "wx.other", "title": "Open any door"}).status_code == 302
    kept.refresh_from_db()
    assert (kept.name, kept.title, kept.restricted) == ("wx.openDoor", "Open any door", False)
    listed.refresh_from_db()
    assert (listed.title, listed.restricted) == ("Open the door", True)
    [(verb, _by, target, changes)] = entries()
    assert (verb, target) == ("default_api.edited", "wx.openDoor")
    assert sorted(changes) == [("restricted", True, False), ("title", "Open the door", "Open any door")]


@pytest.mark.parametrize("way", ["one", "selected"])
def test_the_applications_keep_what_is_deleted(operator_client, kept, way):
    listed = factories.make_api(factories.make_application(), kept.name)
    if way == "one":
        operator_client.post(reverse("admin:hosts_defaultapi_delete", args=[kept.pk]), {"post": "yes"})
    else:
        operator_client.post(LIST, {"action": "delete_selected", "_selected_action": [kept.pk], "post": "yes"})
    assert not DefaultApi.objects.filter(pk=kept.pk).exists()
    listed.refresh_from_db()
    assert [(verb, target) for verb, _by, target, _changes in entries()] == [("default_api.deleted", "wx.openDoor")]


@pytest.mark.parametrize("name", ["wx.", "wx open", "wx.open\0", "wx.openDoor"])
def test_bad_and_taken_names_are_refused(operator_client, kept, name):
    assert operator_client.post(ADD, {"name": name, "title": "Something"}).status_code == 200
    assert entries() == []


def test_team_members_stay_outside(signed_in):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert client.post(ADD, {"name": "wx.x", "title": "X"}, follow=True).status_code == 403
    assert entries() == []
