"""Pages in Simplified Chinese, and activity in its reader's language.

The pages of things come in Chinese in `test_routes.py`, which opens them all.
"""

import re

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override

from console.base.accounts.actions import change_role
from console.base.accounts.models import Membership
from console.base.accounts.permissions import TeamRole
from console.base.activity.events import log_words
from console.routes import routes
from tests.console.test_routes import language
from tests.console.world import make_world
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PATTERN = re.compile(r"[<(^$]")


@pytest.fixture
def world():
    """One of everything, and everyone reads Chinese."""
    world = make_world("Own")
    for person in world.people.values():
        person.language = "zh-hans"
        person.save()
    return world


def test_every_page_for_all_who_are_signed_in(world, signed_in):
    client = signed_in(world.people["app_admin"])
    wrong = []
    for route in routes():
        if route.permission != "signed_in" or "GET" not in route.methods or PATTERN.search(route.path):
            continue
        page = client.get(route.path, follow=True)
        if page.status_code == 404 and route.path.startswith("/account/security/"):
            continue  # what the person has not set up
        if page.status_code != 200 or ("html" in page.headers["Content-Type"] and language(page) != "zh-hans"):
            wrong.append((route.path, page.status_code, language(page)))
    assert wrong == []


def test_operators_pages(signed_in):
    client = signed_in(make_user(language="zh-hans", is_staff=True, is_superuser=True))
    wrong = []
    for route in routes():
        if route.permission == "operator" and not PATTERN.search(route.path) and route.path.endswith(("/", "/add/")):
            page = client.get(route.path, follow=True)
            if page.status_code not in (200, 403, 404, 405):
                wrong.append((route.path, page.status_code))
    assert wrong == []


def test_entrance_pages_and_errors(client):
    for name in ("account_login", "account_reset_password", "account_inactive"):
        page = client.get(reverse(name), headers={"accept-language": "zh-CN"})
        assert (page.status_code, language(page)) == (200, "zh-hans")
    page = client.get("/no-such-page/", headers={"accept-language": "zh-CN"})
    assert (page.status_code, language(page)) == (404, "zh-hans")


def test_each_reads_the_log_in_their_own_language(world, signed_in):
    """The entry keeps plain values; roles and verbs are put in words where they are read."""
    admin, reviewer = world.people["admin"], world.people["license_holder"]
    member = Membership.objects.get(user=world.people["viewer"], team_id=world.arguments["team_id"])
    with override("en"):
        change_role(member, role=TeamRole.DEVELOPER, by=admin)
    reviewer.language = "en"
    reviewer.save()

    shown = {}
    for person in (admin, reviewer):
        entry = signed_in(person).get(reverse("accounts:activity", args=[member.team_id])).content.decode()
        shown[person.language] = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", entry))

    for code, text in shown.items():
        with override(code):
            role = gettext("%(what)s: %(before)s → %(after)s") % {
                "what": gettext("Role"),
                "before": TeamRole.VIEWER.label,
                "after": TeamRole.DEVELOPER.label,
            }
            assert log_words("member.role_changed") in text
            assert role in text
