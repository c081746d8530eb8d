"""The operators' page of sensitive APIs (P-12, D-3), each change with one entry (P-5)."""

import pytest
from django.urls import reverse

from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts import actions
from console.base.hosts.models import DefaultApi
from tests import factories
from tests.activity import entries
from tests.console.holding import another

pytestmark = pytest.mark.django_db
LIST = reverse("platform:apis")
ADD = reverse("platform:add_api")


@pytest.fixture
def kept():
    """Two: the first restricted, the second public."""
    DefaultApi.objects.all().delete()
    return [
        DefaultApi.objects.create(name="wx.openDoor", title="Open the door"),
        DefaultApi.objects.create(name="wx.ring", title="Ring the bell", restricted=False),
    ]


def url(name, *args):
    return reverse(f"platform:{name}", args=args)


def test_list_counts_and_names_nobody(operator_client, kept):
    program = factories.make_program(name="Somebody's")
    for number in range(2):
        application = factories.make_application(name=f"Theirs {number}")
        factories.make_api(application, "wx.openDoor")
        factories.make_permission(program, application, "wx.openDoor")
    page = operator_client.get(LIST)
    assert [(row.name, row.restricting, row.granted) for row in page.context["page"]] == [
        ("wx.openDoor", 2, 1),
        ("wx.ring", 0, 0),
    ]
    assert page.context["filter"].counts == {"": 2, "restricted": 1, "public": 1, "somewhere": 1}
    text = page.content.decode()
    assert "2 apps" in text
    assert "Somebody" not in text
    assert "Theirs" not in text
    for query, names in (
        ({"q": "bell"}, ["wx.ring"]),
        ({"show": "public"}, ["wx.ring"]),
        ({"show": "somewhere"}, ["wx.openDoor"]),
        ({"sort": "restricting"}, ["wx.ring", "wx.openDoor"]),
        ({"sort": "-title"}, ["wx.ring", "wx.openDoor"]),
        ({"q": "\0", "page": "x", "sort": "name"}, ["wx.openDoor", "wx.ring"]),
    ):
        assert [row.name for row in operator_client.get(LIST, query).context["page"]] == names


def test_an_empty_list_offers_the_first_act(operator_client):
    DefaultApi.objects.all().delete()
    assert "No sensitive APIs yet" in operator_client.get(LIST).content.decode()


def test_a_new_one_goes_into_every_list_as_public(operator_client, kept):
    application = factories.make_application()
    response = operator_client.post(ADD, {"name": "wx.wave", "title": " Wave  a hand ", "restricted": "on"})
    assert response["Location"] == LIST
    assert DefaultApi.objects.get(name="wx.wave").restricted
    assert list(application.apis.values_list("name", "title", "restricted")) == [("wx.wave", "Wave a hand", False)]
    assert entries() == [("default_api.created", "Olga", "wx.wave")]


def test_the_name_stays(operator_client, kept):
    edit = url("edit_api", kept[0].pk)
    for _twice in range(2):
        assert operator_client.post(edit, {"name": "wx.other", "title": "Open any door"}).status_code == 302
    kept[0].refresh_from_db()
    assert (kept[0].name, kept[0].title, kept[0].restricted) == ("wx.openDoor", "Open any door", False)
    assert entries() == [("default_api.edited", "Olga", "wx.openDoor")]


@pytest.mark.parametrize("name", ["", "wx.", "wx open", "wx.open\0", "wx.openDoor", "w" * 101])
def test_bad_and_taken_names_are_refused(operator_client, kept, name):
    response = operator_client.post(ADD, {"name": name, "title": "Something"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    assert "Something" in response.content.decode()
    assert entries() == []


@pytest.mark.parametrize(
    ("act", "refused", "taken", "verb"),
    [
        ("restrict", ["wx.openDoor"], ["wx.ring"], "edited"),
        ("open", ["wx.ring"], ["wx.openDoor"], "edited"),
        ("delete", [], ["wx.openDoor", "wx.ring"], "deleted"),
    ],
)
def test_the_dialog_announces_what_the_log_then_has(operator_client, kept, act, refused, taken, verb):
    listed = factories.make_api(factories.make_application(), "wx.openDoor")
    query = {"row": [row.pk for row in kept]}
    follows = operator_client.get(url("selected_apis", act), query).context["follows"]
    assert [str(row) for row, _why in follows.leaves] == refused
    assert [str(row) for row in follows.takes] == taken
    assert entries() == []
    response = operator_client.post(url("selected_apis", act), query_params=query)
    assert response["Location"] == LIST
    assert entries() == [(f"default_api.{verb}", "Olga", name) for name in taken]
    listed.refresh_from_db()
    assert listed.restricted


def test_delete_one(operator_client, kept):
    page = operator_client.get(url("delete_api", kept[0].pk), headers={"HX-Request": "true", "HX-Target": "dialog"})
    text = page.content.decode()
    assert "Delete wx.openDoor?" in text
    assert "<html" not in text
    assert operator_client.post(url("delete_api", kept[0].pk)).status_code == 302
    assert entries() == [("default_api.deleted", "Olga", "wx.openDoor")]
    assert operator_client.get(url("delete_api", kept[0].pk)).status_code == 404


def test_who_comes_second(operator_client, kept):
    by = factories.make_user()
    DefaultApi.objects.filter(pk=kept[0].pk).delete()
    for verb in (actions.keep, actions.discard):
        with pytest.raises(Conflict):
            verb(kept[0], by=by)
    with pytest.raises(ActionRefused):
        actions.keep(DefaultApi(name="wx.ring", title="Again"), by=by)


@pytest.mark.django_db(transaction=True)
def test_what_somebody_else_holds_can_not_be_told(operator_client):
    api = DefaultApi.objects.create(name="wx.openDoor", title="Open the door")
    with another() as other:
        other.execute("SELECT 1 FROM hosts_defaultapi WHERE id = %s FOR UPDATE", [api.pk])
        page = operator_client.get(url("selected_apis", "delete"), {"row": api.pk}).content.decode()
    assert "Someone else is changing this, so the console can’t show all effects yet." in page
