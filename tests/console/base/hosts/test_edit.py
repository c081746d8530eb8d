"""Editing an application: the application administrator; two at once lose nothing silently."""

import pytest
from django.core.files.storage import default_storage

from console.base.activity.forms import Difference
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts import actions
from tests import factories, stored


def url(application):
    return f"/apps/{application.application_id}/edit/"


def typed(**fields):
    return {"name": "Metro Pay", "description": "New words.", "listed": "on", "revision": 1, **fields}


def test_it_works(signed_in, application, admin):
    response = signed_in(admin).post(url(application), typed())
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/")
    application.refresh_from_db()
    assert (application.name, application.description, application.revision) == ("Metro Pay", "New words.", 2)
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.application_id) == ("application.edited", application.application_id)
    assert entry.changes() == [("name", "Metro Wallet", "Metro Pay"), ("description", "", "New words.")]


def test_a_new_icon_is_re_encoded_and_named_in_the_log(signed_in, application, admin):
    signed_in(admin).post(url(application), typed(icon=factories.make_icon()))
    application.refresh_from_db()
    assert application.icon.name.endswith(".webp")
    assert ActivityEntry.objects.get().after["icon"] == application.icon.name


def test_the_form_shows_the_icon_that_is_there(signed_in, application, admin):
    client = signed_in(admin)
    assert "No file chosen" in client.get(url(application)).content.decode()
    client.post(url(application), typed(icon=factories.make_icon()))
    application.refresh_from_db()
    page = client.get(url(application)).content.decode()
    assert f'src="{application.icon.url}"' in page.partition("data-drop-picture")[2].partition(">")[0]
    assert "No file chosen" not in page
    client.post(url(application), typed(revision=application.revision, description="Other words."))
    icon = application.icon.name
    application.refresh_from_db()
    assert (application.icon.name, application.description) == (icon, "Other words.")


@pytest.mark.django_db(transaction=True)
def test_a_new_icon_replaces_the_file_and_a_refused_name_keeps_it(application, admin):
    as_it_is = {"name": application.name, "description": "", "listed": True}
    old = actions.edit_application(application, by=admin, revision=1, icon=factories.make_icon(), **as_it_is).icon
    new = actions.edit_application(application, by=admin, revision=2, icon=factories.make_icon(), **as_it_is).icon
    assert [default_storage.exists(icon.name) for icon in (old, new)] == [False, True]
    factories.make_application(application.team, name="Taken")
    icons = stored.names(default_storage)

    with pytest.raises(ActionRefused, match="already has an app"):
        actions.edit_application(
            application, by=admin, revision=3, icon=factories.make_icon(), **{**as_it_is, "name": "Taken"}
        )

    assert stored.names(default_storage) == icons
    assert ActivityEntry.objects.count() == 2


def test_saving_what_is_there_writes_no_entry(signed_in, application, admin):
    same = typed(name=application.name, description=application.description)
    assert signed_in(admin).post(url(application), same).status_code == 302
    application.refresh_from_db()
    assert (application.revision, ActivityEntry.objects.count()) == (1, 0)


def test_what_is_no_picture_is_refused(signed_in, application, admin):
    response = signed_in(admin).post(url(application), typed(icon=factories.make_zip()))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"icon"}


def test_the_second_editor_sees_what_changed_and_may_replace_it(signed_in, application, admin):
    client = signed_in(admin)
    client.post(url(application), {"name": "Metro Pay", "description": "New words.", "revision": 1})
    late = client.post(url(application), typed(name="Metro Go", description=""))
    form = late.context["form"]
    assert late.status_code == 422
    assert form.non_field_errors() == ["Someone else changed this app while you were editing. Reload the page."]
    assert form.differences == [
        Difference("Name", "Metro Pay", "Metro Go", taken=False),
        Difference("Description", "New words.", "", taken=True),
        Difference("Open for bindings", "No", "Yes", taken=True),
    ]
    shown = {name: form[name].value() for name in ("name", "description", "listed", "revision")}
    assert shown == {"name": "Metro Go", "description": "New words.", "listed": False, "revision": "2"}
    assert "Theirs (you didn’t change it)" in late.content.decode()
    application.refresh_from_db()
    assert application.name == "Metro Pay"

    again = {"name": "Metro Go", "description": "New words.", "revision": 2}
    assert client.post(url(application), again).status_code == 302
    application.refresh_from_db()
    assert (application.name, application.description, application.listed) == ("Metro Go", "New words.", False)
    assert ActivityEntry.objects.count() == 2


def test_says_that_the_icon_was_replaced(signed_in, application, admin):
    client = signed_in(admin)
    client.post(url(application), typed(icon=factories.make_icon()))
    late = client.post(url(application), typed(name="Metro Go"))
    application.refresh_from_db()
    assert late.context["form"].icon_replaced()
    assert application.icon.url in late.content.decode()


def test_an_old_revision_is_overtaken(application, admin):
    actions.edit_application(application, by=admin, revision=1, name="A2", description="", listed=True)
    with pytest.raises(Conflict):
        actions.edit_application(application, by=admin, revision=1, name="A3", description="", listed=True)
    assert ActivityEntry.objects.count() == 1


def test_lower_roles_may_not(signed_in, application, reviewer, team_admin):
    for user in (reviewer, team_admin):
        client = signed_in(user)
        assert [client.get(url(application)).status_code, client.post(url(application), typed()).status_code] == [
            403,
            403,
        ]
    assert ActivityEntry.objects.count() == 0


def test_elsewhere_it_does_not_exist(signed_in, application, outsider):
    client = signed_in(outsider)
    assert [client.get(url(application)).status_code, client.post(url(application), typed()).status_code] == [404, 404]


def test_wrong_method(signed_in, application, admin):
    assert signed_in(admin).delete(url(application)).status_code == 405
