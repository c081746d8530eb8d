"""The operators' first page and their list of teams (P-12)."""

import html
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.actions import edit_team, safety
from console.base.accounts.models import Invitation, User
from console.base.accounts.querysets import MAX_EMAIL_TRIES
from console.platform import services
from miniprograms.actions import take_off_shelf
from tests.factories import (
    join,
    make_application,
    make_member,
    make_program,
    make_reviewer,
    make_signs,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
URL = "/platform/"
TEAMS = "/platform/teams/"


@pytest.fixture
def operator():
    """One whom nothing needs: with a second factor."""
    found = make_user("Olga", email="olga@example.com", is_staff=True)
    Authenticator.objects.create(user=found, type=Authenticator.Type.TOTP, data={})
    return found


@pytest.fixture
def client(operator, signed_in):
    return signed_in(operator)


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def needs(client):
    return [(need.title, need.context) for need in client.get(URL).context["needs"]]


@pytest.fixture
def healthy():
    """Every part shows signs of life."""
    make_signs()


# The first page -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("healthy")
def test_a_platform_that_needs_nobody(client):
    page = client.get(URL)
    assert page.context["needs"] == []
    text = words(page)
    assert "Nothing needs your attention" in text
    assert "0 teams, 1 person, 0 mini programs, 0 host apps" in text
    assert "No teams yet" in text
    assert "<title>Platform · Mini Program Console</title>" in page.content.decode()


def test_figures_teams_and_people(client):
    team = make_team("Harbour")
    mira = make_user("Mira", email="mira@example.com")
    join(team, mira, "admin")
    make_program(team, created_by=mira)
    reviewer = make_reviewer(make_application(team))
    gone = make_user("Zoe", is_active=False)

    people = User.objects.filter(is_active=True).count()

    page = client.get(URL)

    assert page.context["counts"] == {"teams": 1, "people": people, "two_steps": 1, "programs": 1, "applications": 1}
    [row] = page.context["teams"]
    assert (row.team, row.administrators, row.people, row.programs, row.applications) == (
        team,
        ["Mira"],
        team.memberships.count(),
        1,
        1,
    )
    assert gone not in [row.user for row in page.context["people"]]
    assert reviewer.name in words(client.get("/platform/people/"))
    assert f"{people} people, 1 with a second factor" in words(page)


@pytest.mark.usefixtures("healthy")
def test_what_needs_somebody(operator, client):
    led, empty, asked = make_team("Harbour"), make_team("Empty"), make_team("Asked")
    make_member(led, "admin")
    failed = safety.add_by_operator(asked, email="ines@example.com", role="admin", by=operator)
    Invitation.objects.filter(pk=failed.pk).update(email_tries=MAX_EMAIL_TRIES)
    assert needs(client) == [
        ("An invitation was not delivered", "ines@example.com, Asked"),
        ("A team has no administrator who can sign in", "Empty"),
    ]

    past = timezone.now() - timedelta(minutes=1)
    Invitation.objects.filter(pk=failed.pk).update(email_tries=0, emailed_at=past, expires_at=past)
    assert needs(client)[0] == ("A first administrator’s invitation has expired", "ines@example.com, Asked")

    Authenticator.objects.all().delete()
    User.objects.filter(memberships__team=led).update(is_active=False)
    assert [title for title, _context in needs(client)] == [
        "A first administrator’s invitation has expired",
        "A team has no administrator who can sign in",
        "A team has no administrator who can sign in",
        "1 operator has no second factor",
    ]
    for number in range(3):
        make_team(f"More {number}")
    page = client.get(URL)
    [need] = [need for need in page.context["needs"] if "teams" in need.title]
    assert need.title == "5 teams have no administrator who can sign in"
    assert len(client.get(need.url).context["rows"]) == 6  # with the one whose invitation is open
    assert empty in [row.team for row in client.get(need.url).context["rows"]]


@pytest.mark.usefixtures("healthy")
def test_an_app_that_nobody_administers_is_reported_without_its_name(client):
    """P-1: operators read whose it is."""
    team = make_team("Harbour")
    make_member(team, "admin")
    gone = make_reviewer(make_application(team, "Metro Wallet"), "app_admin")
    assert needs(client) == []
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert needs(client) == [
        ("An app has no administrator who can sign in", "Harbour. A team administrator can appoint one.")
    ]
    for number in range(3):
        other = make_team(f"More {number}")
        make_member(other, "admin")
        make_application(other)
    [need] = client.get(URL).context["needs"]
    assert need.title == "4 teams have apps without an administrator who can sign in"
    make_reviewer(make_application(make_team("Led")), "app_admin")
    assert len(client.get(need.url).context["rows"]) == 4
    assert "Metro Wallet" not in words(client.get(URL))


@pytest.mark.usefixtures("healthy")
def test_operators_who_sign_in_by_a_provider_alone_lack_no_second_factor_here(client, settings):
    def operator_of_provider(**fields):
        found = make_user(is_staff=True, **fields)
        SocialAccount.objects.create(user=found, provider="corp", uid=found.email)
        return found

    alone, both = operator_of_provider(), operator_of_provider()
    alone.set_unusable_password()
    alone.save()
    assert needs(client) == [("1 operator has no second factor", "Only a password protects this account.")]
    settings.PASSWORD_SIGN_IN = False
    assert needs(client) == []
    settings.PASSWORD_SIGN_IN = True
    both.delete()
    assert needs(client) == []


def test_parts_that_are_late_stand_first_and_nothing_else_is_asked(client, monkeypatch):
    asked = []
    monkeypatch.setattr(services, "ask_all", lambda questions, **_limits: asked.append(questions))
    make_team("Empty")
    page = client.get(URL)
    assert [need.title for need in page.context["needs"]] == [
        "No worker has started yet", "A team has no administrator who can sign in",
    ]  # fmt: skip
    assert asked == []
    assert "PostgreSQL" in words(page)


def test_the_plain_tables_are_linked_once(client):
    assert client.get(URL).content.decode().count('href="/admin/"') == 1  # at the foot


def test_as_many_queries_for_a_large_platform(client):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(URL)
            client.get(TEAMS)
        return len(seen)

    fill(1)
    client.get(URL)
    few = queries()
    fill(5)
    assert queries() == few


def fill(count):
    """Make teams with people, programs and applications."""
    for _number in range(count):
        team = make_team()
        make_program(team, created_by=make_member(team, "admin"))
        make_reviewer(make_application(team), "app_admin")
        make_member(team, "viewer")


# Teams --------------------------------------------------------------------------------------------------------------


def listed(client, **query):
    return [row.team.name for row in client.get(TEAMS, query).context["rows"]]


def test_searches_filters_and_sorts_teams(client):
    large, small = make_team("Harbour"), make_team("annex")
    for role in ("admin", "viewer"):
        make_member(large, role)
    make_member(small, "viewer")
    for _number in range(2):  # robots, whom the list does not count
        join(small, make_user(is_robot=True), "viewer")
    assert listed(client) == listed(client, sort="name") == ["annex", "Harbour"]
    assert listed(client, sort="-name") == listed(client, sort="-people") == ["Harbour", "annex"]
    assert listed(client, sort="-created") == ["annex", "Harbour"]
    assert listed(client, q="HARB") == ["Harbour"]
    assert listed(client, show="unled") == ["annex"]
    assert "No team matches" in words(client.get(TEAMS, {"q": "nothing"}))


def test_the_last_change_of_a_team_tells_nothing_of_its_work(client):
    """P-1: it is that of the team and its people."""
    team, day_ago = make_team("Harbour"), timezone.now() - timedelta(days=1)
    edit_team(team, by=make_member(team, "admin"), name="Harbour City", at=day_ago)
    take_off_shelf(make_program(team), by=make_user(), reason="Broken")
    assert {row.team: row.changed_at for row in client.get(TEAMS).context["rows"]}[team] == day_ago


def test_pages_of_teams(client, settings):
    settings.PAGE_SIZE = 2
    for name in ("A", "B", "C"):
        make_team(name)
    assert listed(client, page=2) == ["C"]
    assert "3 teams" in words(client.get(TEAMS))


# Who, and the ways there --------------------------------------------------------------------------------------------


def test_the_menu_opens_the_pages_and_keeps_its_mark(client):
    menu = client.get(URL).content.decode()
    below = re.search(r'<ul class="nav-pages" aria-label="Platform">(.*?)</ul>', menu, re.DOTALL)[1]
    entries = re.findall(r'<a href="([^"]+)"(?: aria-current="page")?>([^<]+)<', below)
    existing = {("/platform/", "Overview"), (TEAMS, "Teams"), ("/platform/people/", "People")}
    assert existing | {("/platform/security-log/", "Security log"), ("/platform/status/", "System status")} <= {
        *entries
    }
    assert "nav-late" in menu  # nothing ever ran here
    assert '<a href="/platform/teams/" aria-current="page">' in client.get(TEAMS).content.decode()
    home = client.get("/").content.decode()
    assert 'href="/platform/"' in home
    assert "nav-pages" not in home
    assert "nav-late" in home


def test_the_palette_finds_the_pages(client, signed_in):
    at = {"HX-Request": "true", "HX-Target": "palette-hits", "HX-Current-URL": "http://testserver/"}
    assert 'href="/platform/security-log/"' in client.get("/search/", {"q": "security l"}, headers=at).content.decode()
    team = make_team("Harbour")
    person = make_member(team, "viewer")
    found = client.get("/search/", {"q": person.email}).content.decode()
    assert f'href="/platform/people/{person.pk}/"' in found
    assert f'href="/platform/teams/{team.pk}/"' in client.get("/search/", {"q": "harb"}).content.decode()
    other = signed_in(make_user())
    assert "/platform/" not in other.get("/search/", {"q": "harb"}).content.decode()
    assert "/platform/" not in other.get("/search/", {"q": "security l"}, headers=at).content.decode()


def test_the_path_leads_back(client):
    team = make_team("Harbour")
    page = client.get(reverse("platform:edit_team", args=[team.pk])).content.decode()
    path = re.search(r'<ol class="breadcrumb">(.*?)</ol>', page, re.DOTALL)[1]
    assert re.findall(r'href="([^"]+)"', path) == [URL, TEAMS, f"{TEAMS}{team.pk}/"]


def test_django_s_admin_is_branded_and_leads_back(client):
    page = client.get("/admin/").content.decode()
    assert "Mini Program Console" in page
    assert f'href="{URL}"' in page
    assert "Django administration" not in page
