"""The order of lists: each that a list offers works, it is kept for the person who chose it, and for no other list."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.urls import reverse

from console.base.hosts.models import ApplicationMember
from console.routes import routes
from tests.console.world import make_world
from tests.factories import make_member, make_program, make_team, make_user

pytestmark = pytest.mark.django_db
LIST = "/miniprograms/"
SECTIONS = ("miniprograms:", "accounts:", "security_log", "privacy:", "releases:", "offline:", "grayscale:", "devmgmt:")
SECTIONS += ("keys:", "messaging:", "reviews:", "hosts:", "platform:")


def order(client, address=LIST):
    return client.get(address).context["filter"].order


def cookie_of(user):
    return f"{settings.ORDERS_COOKIE_NAME}_{user.pk}"


def names(client, query=""):
    return [program.name for program in client.get(LIST + query).context["page"]]


def test_every_order_of_every_list_works_and_its_head_says_so(signed_in):
    world = make_world("Own")
    person = world.people["admin"]
    person.is_staff = True
    person.save()
    application = ApplicationMember.objects.get(user=world.people["reviewer"]).application
    ApplicationMember.objects.create(application=application, user=person, role="app_admin")
    client = signed_in(person)
    wrong, lists = [], set()
    for route in routes():
        if "GET" not in route.methods or not route.name.startswith(SECTIONS):
            continue
        found = re.findall(r"<\w+:(\w+)>", route.path)
        if not set(found) <= {"app_id", "application_id", "team_id"} or "(" in route.path:
            continue
        address = reverse(route.name, kwargs=world.fill(route.name, found))
        page = client.get(address)
        orders = page.context["filter"].orders if page.context and "filter" in page.context else []
        for value in orders[::2]:  # one direction of each
            lists.add(route.name)
            page = client.get(address, {"sort": value})
            if page.status_code != 200 or page.context["filter"].order != value:
                wrong.append((address, value, page.status_code))
    assert wrong == []
    assert len(lists) >= 25


@pytest.fixture
def mira(signed_in):
    user = make_user("Mira")
    team = make_team("Harbour", license_holder=user)
    for name in ("City Bus", "Parking", "apple trees"):
        make_program(team, name)
    return signed_in(user), user


def test_a_list_is_found_as_it_was_left_also_after_a_sign_out(mira, client):
    browser, user = mira
    assert order(browser) == "-changed"
    assert names(browser, "?sort=name") == ["apple trees", "City Bus", "Parking"]
    assert names(browser) == names(browser, "?q=") == ["apple trees", "City Bus", "Parking"]
    browser.post(reverse("account_logout"))
    browser.force_login(user)
    assert names(browser) == ["apple trees", "City Bus", "Parking"]
    assert names(browser, "?sort=-changed") == names(browser) == ["apple trees", "Parking", "City Bus"]


def test_other_lists_and_other_people_are_left_alone(mira):
    browser, _user = mira
    browser.get(LIST, {"sort": "-name"})
    assert order(browser, "/versions/") == "-changed"
    browser.force_login(make_member(make_team(), "viewer"))
    assert order(browser) == "-changed"


def test_what_the_browser_says_is_looked_at(mira):
    browser, user = mira
    browser.cookies[cookie_of(user)] = "miniprograms:list=-team"
    assert order(browser) == "-team"
    for nonsense in ("miniprograms:list=password", "=&=", "%00", "x" * 3000, "a=b&" * 300):
        browser.cookies[cookie_of(user)] = nonsense
        assert order(browser) == "-changed"


def test_an_order_that_the_list_does_not_have_is_not_kept(mira):
    browser, user = mira
    browser.get(LIST, {"sort": "name"})
    browser.get(LIST, {"sort": "password"})
    assert order(browser) == "name"
    kept = browser.cookies[cookie_of(user)]
    assert (kept.value, kept["httponly"], kept["samesite"]) == ("miniprograms:list=name", True, "Lax")


def test_the_cookie_keeps_the_newest_lists_alone(mira):
    browser, user = mira
    browser.cookies[cookie_of(user)] = "&".join(f"list{number}=name" for number in range(40))
    browser.get(LIST, {"sort": "name"})
    kept = browser.cookies[cookie_of(user)].value.split("&")
    assert (len(kept), kept[0], kept[-1]) == (40, "list1=name", "miniprograms:list=name")
