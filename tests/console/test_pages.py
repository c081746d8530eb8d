"""Home, search, activity, notifications, health, errors."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.models import Notification, User
from console.base.activity.models import ActivityEntry
from console.base.activity.views import PAGE
from tests.factories import (
    make_application,
    make_icon,
    make_member,
    make_program,
    make_team,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def write(team, count=1, **fields):
    values = {"verb": "team.edited", "target_type": "team", "target_id": "1", "source": "web", "at": timezone.now()}
    values |= fields
    return [
        ActivityEntry.objects.create(team_id=team.pk, target_label=f"Entry {number}", **values)
        for number in range(count)
    ]


def test_search_finds_own_things_by_name_id_and_number(signed_in):
    program = make_program(name="City Bus")
    version = make_version(program, "2.5.0")
    application = make_application(program.team, name="City Wallet")
    foreign = make_program(name="City Tram")
    make_version(foreign, "2.5.0")
    client = signed_in(program.created_by)

    def found(words):
        groups = client.get(reverse("search"), {"q": words}).context["groups"]
        return [hit.url for group in groups for hit in group.hits]

    of_application = reverse("hosts:detail", args=[application.application_id])
    assert found("city") == [program.get_absolute_url(), of_application]
    assert found(program.app_id.upper()) == [program.get_absolute_url()]
    assert found(foreign.app_id) == []
    assert found("2.5.0") == [version.get_absolute_url()]
    assert found(application.application_id) == [of_application]


@pytest.mark.parametrize("words", ["", "nothing like it", "<script>", "%", "\x00", "9" * 500])
def test_search_survives_any_words(signed_in, words):
    response = signed_in(make_user()).get(reverse("search"), {"q": words})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_activity_shows_own_teams_and_applications_only(signed_in):
    team, other = make_team(), make_team()
    write(team)
    write(other)

    assert [entry.team_id for entry in activity(signed_in(make_member(team, "viewer")))] == [team.pk]


def activity(client, **query):
    return client.get(reverse("activity"), query).context["entries"]


def test_activity_filters_by_who_what_and_when(signed_in):
    team = make_team()
    client = signed_in(make_member(team, "viewer"))
    (old,) = write(team, actor_label="Mira Lund", at=timezone.now() - timedelta(days=10))
    (new,) = write(team, actor_label="Tomas Rey", verb="member.invited")

    assert activity(client, who="mira") == [old]
    assert activity(client, what="member.invited") == [new]
    assert activity(client, when="7") == [new]
    assert activity(client, when="365", what="nonsense", before="x") == [new, old]


def test_activity_pages_by_key(signed_in):
    team = make_team()
    client = signed_in(make_member(team, "viewer"))
    entries = write(team, PAGE + 2)[::-1]

    first = client.get(reverse("activity"))
    assert first.context["entries"] == entries[:PAGE]
    assert activity(client, before=first.context["older"]) == entries[PAGE:]
    assert f"before={entries[PAGE - 1].pk}" in first.content.decode()


def test_notifications_are_ones_own_and_can_be_marked_read(signed_in):
    user, other = make_user(), make_user()
    for person in (user, other):
        person.notifications.create(kind="people", text=f"For {person}", detail="More words", url="/activity/")
    client = signed_in(user)

    page = client.get(reverse("notifications")).content.decode()
    assert f"For {user}" in page
    assert "More words" in page
    assert f"For {other}" not in page
    assert client.get(reverse("notifications_read")).status_code == 405
    assert client.post(reverse("notifications_read")).status_code == 302
    people = [User.objects.get(pk=person.pk) for person in (user, other)]
    assert [Notification.objects.unread_by(person).count() for person in people] == [0, 1]
    assert "notice-unread" not in client.get(reverse("notifications")).content.decode()


def test_an_icon_is_served_and_nothing_else(client):
    program = make_program(icon="")
    program.icon.save("icon.png", make_icon())
    response = client.get(program.icon.url)

    assert response.status_code == 200
    assert "immutable" in response.headers["Cache-Control"]
    for name in ("..%2Fsecret", "nothing.webp", ".."):
        assert client.get(f"/media/icons/{name}").status_code == 404


def test_no_cache_keeps_a_page_of_someone_signed_in(signed_in):
    program = make_program()
    client = signed_in(program.created_by)
    for address in ("/", "/activity/", program.get_absolute_url(), f"{program.get_absolute_url()}edit/"):
        assert client.get(address).headers["Cache-Control"] == "no-store"


def test_errors_look_like_the_console(signed_in):
    missing = signed_in(make_user()).get("/nothing/")
    assert missing.status_code == 404
    assert "Page not found" in missing.content.decode()
    assert 'id="sidebar"' in missing.content.decode()
    assert 'id="sidebar"' not in Client().get("/nothing/").content.decode()


def test_a_form_without_its_token_is_explained():
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"})
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()
