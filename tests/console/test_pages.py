"""Home, search, activity, notifications, health, errors."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.activity.models import ActivityEntry
from console.activity.verbs import Verb
from console.activity.views import PAGE
from console.core.errors import Refused
from console.views import SHOWN
from releases.actions import publish
from releases.models import Version
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_icon,
    make_member,
    make_online,
    make_program,
    make_reviewer,
    make_team,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def write(team, count=1, **fields):
    values = {"verb": Verb.TEAM_EDITED, "target_type": "team", "target_id": "1", "source": "web", "at": timezone.now()}
    values |= fields
    return [
        ActivityEntry.objects.create(team_id=team.pk, target_label=f"Entry {number}", **values)
        for number in range(count)
    ]


def test_home_shows_decisions_that_wait_for_me(signed_in):
    application = make_application()
    reviewer = make_reviewer(application)
    late = timezone.now() - timedelta(hours=settings.DECISION_OVERDUE_HOURS + 1)
    binding = make_binding(make_program(), application, state="waiting", requested_at=late)
    make_binding(make_program(), state="waiting")

    response = signed_in(reviewer).get(reverse("home"))

    assert [(line.decision, line.program) for line in response.context["decisions"]] == [
        (binding, binding.mini_program)
    ]
    assert "Overdue" in response.content.decode()


@pytest.mark.parametrize(("role", "seen"), [("license_holder", 1), ("developer", 0), ("viewer", 0)])
def test_home_shows_what_i_may_publish(signed_in, role, seen):
    program = make_program()
    make_approved(program, "1.0.0")
    user = make_member(program.team, role)

    assert len(signed_in(user).get(reverse("home")).context["ready"]) == seen


def test_home_counts_all_that_waits_and_shows_the_oldest_first(signed_in):
    application = make_application()
    reviewer = make_reviewer(application)
    now = timezone.now()
    asked = [
        make_binding(make_program(), application, state="waiting", requested_at=now - timedelta(hours=hours))
        for hours in range(SHOWN + 2)
    ]

    response = signed_in(reviewer).get(reverse("home"))

    assert [line.decision for line in response.context["decisions"]] == asked[::-1][:SHOWN]
    assert f'<span class="badge bg-blue-lt">{SHOWN + 2}</span>' in response.content.decode()


def test_home_leaves_out_what_can_not_be_published(signed_in):
    team = make_team()
    off, lower = make_program(team), make_program(team)
    make_approved(off)
    make_approved(lower, "1.9.0")
    make_online(lower, "1.10.0")
    type(off).objects.filter(pk=off.pk).update(shelf="off")
    holder = make_member(team, "license_holder")

    assert [*signed_in(holder).get(reverse("home")).context["ready"]] == []
    for version in Version.objects.filter(state="approved").select_related("mini_program"):
        with pytest.raises(Refused):
            publish(version, by=holder)


def test_home_offers_whatever_can_be_published(signed_in):
    team = make_team()
    versions = [make_approved(make_program(team)) for _count in range(SHOWN + 1)]
    holder = make_member(team, "license_holder")
    make_binding(versions[0].mini_program)  # Bound after the audit: it accepted what was approved.

    response = signed_in(holder).get(reverse("home"))

    assert [*response.context["ready"]] == versions[:SHOWN]
    assert f'<span class="badge bg-blue-lt">{SHOWN + 1}</span>' in response.content.decode()
    publish(versions[0], by=holder)


@pytest.mark.parametrize(("role", "reason"), [("license_holder", ""), ("developer", "This needs another role:")])
def test_home_always_shows_how_to_create(signed_in, role, reason):
    page = signed_in(make_member(make_team(), role)).get(reverse("home"))
    assert page.context["why_not_create"].startswith(reason)
    assert bool(page.context["why_not_create"]) == bool(reason)
    assert "Create mini program" in page.content.decode()


def test_home_greets_somebody_without_teams(signed_in):
    page = signed_in(make_user("Mira Lund")).get(reverse("home")).content.decode()
    assert "Mira" in page
    assert "Nothing waits for you" in page


def test_home_needs_the_same_queries_for_one_and_three(signed_in, django_assert_num_queries):
    application = make_application()
    reviewer = make_reviewer(application)
    client = signed_in(reviewer)
    for _round in range(2):
        for _more in range(2):
            make_binding(make_program(), application, state="waiting")
        with django_assert_num_queries(15):
            client.get(reverse("home"))


def test_search_finds_own_things_by_name_id_and_number(signed_in):
    program = make_program(name="City Bus")
    version = make_version(program, "2.5.0")
    application = make_application(program.team, name="City Wallet")
    foreign = make_program(name="City Tram")
    make_version(foreign, "2.5.0")
    client = signed_in(program.created_by)

    def found(words):
        context = client.get(reverse("search"), {"q": words}).context
        return [list(context[kind]) for kind in ("programs", "versions", "applications")]

    assert found("city") == [[program], [], [application]]
    assert found(program.app_id.upper()) == [[program], [], []]
    assert found(foreign.app_id) == [[], [], []]
    assert found("2.5.0") == [[], [version], []]
    assert found(application.application_id) == [[], [], [application]]


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
    (new,) = write(team, actor_label="Tomas Rey", verb=Verb.MEMBER_INVITED)

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
        person.notifications.create(text=f"For {person}", detail="More words", url="/activity/")
    client = signed_in(user)

    page = client.get(reverse("notifications")).content.decode()
    assert f"For {user}" in page
    assert "More words" in page
    assert f"For {other}" not in page
    assert client.get(reverse("notifications_read")).status_code == 405
    assert client.post(reverse("notifications_read")).status_code == 302
    assert [person.notifications.unread().count() for person in (user, other)] == [0, 1]


def test_health_needs_nobody_and_readiness_asks_the_engines(client):
    for name in ("healthz", "readyz"):
        response = client.get(reverse(name))
        assert (response.status_code, response.content) == (200, b"ok")


def test_not_ready_without_valkey(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = client.get(reverse("readyz"))
    assert (response.status_code, response.content) == (503, b"not ready: valkey")


def test_an_icon_is_served_and_nothing_else(client):
    program = make_program(icon="")
    program.icon.save("icon.png", make_icon())
    response = client.get(program.icon.url)

    assert response.status_code == 200
    assert "immutable" in response.headers["Cache-Control"]
    for name in ("..%2Fsecret", "nothing.webp", ".."):
        assert client.get(f"/media/icons/{name}").status_code == 404


def test_no_shared_cache_keeps_a_page_of_someone_signed_in(signed_in):
    program = make_program()
    client = signed_in(program.created_by)
    for address in ("/", "/activity/", program.get_absolute_url(), f"{program.get_absolute_url()}edit/"):
        assert client.get(address).headers["Cache-Control"] == "private, no-cache"


def test_errors_look_like_the_console(signed_in):
    missing = signed_in(make_user()).get("/nothing/")
    assert missing.status_code == 404
    assert "Nothing is here" in missing.content.decode()
    assert 'id="sidebar"' in missing.content.decode()
    assert 'id="sidebar"' not in Client().get("/nothing/").content.decode()


def test_a_form_without_its_token_is_explained():
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"})
    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
