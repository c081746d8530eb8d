"""Every URL as every role (P-1, P-4). The permission table of docs/rules.md is written here once more, by hand:
a change of the table in the code that nobody meant makes this fail.
"""

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from console import urls
from console.routes import routes
from tests import factories
from tests.console.world import TEAM_ROLES, make_world

pytestmark = pytest.mark.django_db

TEAM = {
    "admin": {"view", "upload", "develop", "manage", "administer", "view_application"},
    "license_holder": {"view", "upload", "develop", "manage", "view_application"},
    "developer": {"view", "upload", "develop", "view_application"},
    "viewer": {"view", "view_application"},
    # who has a role in the application is a viewer of the team in this world
    "app_admin": {"view", "view_application", "decide", "edit_application"},
    "reviewer": {"view", "view_application", "decide"},
}
OPEN = {"public", "signed_in"}
SCOPED = set().union(*TEAM.values())
FINE = {200, 302}
CHINESE = ("admin", "app_admin")  # who read it, between them every page


def own_routes():
    """Routes of the console's own pages, as (route, argument names)."""
    found = []
    for route in routes():
        if route.permission in SCOPED:
            found.append((route, re.findall(r"<\w+:(\w+)>", route.path)))
    return found


def ask(client, route, arguments, method):
    return getattr(client, method.lower())(reverse(route.name, kwargs=arguments))


def call(client, route, arguments, method):
    return ask(client, route, arguments, method).status_code


def language(page):
    found = re.search(r'<html lang="([a-z-]+)"', page.content.decode())
    return found[1] if found else page.headers.get("Content-Language")


@pytest.fixture
def drawn_once(monkeypatch):
    """Draw the page of a refusal once for each route, not for each of the many who are refused: the number counts."""

    def once(name, status):
        draw, drawn = getattr(urls, name), set()

        def handler(request, exception):
            route = request.resolver_match and request.resolver_match.route
            if route in drawn:
                return HttpResponse(status=status)
            drawn.add(route)
            return draw(request, exception)

        monkeypatch.setattr(urls, name, handler)

    once("handler403", 403)
    once("handler404", 404)


def test_every_route_declares_its_permission():
    listed = StringIO()
    call_command("routes", "--json", stdout=listed)
    rows = json.loads(listed.getvalue())
    assert {row["permission"] for row in rows} <= SCOPED | OPEN | {"operator", "device", "server", "token"}
    assert len(own_routes()) >= 40


def test_dangerous_routes_ask_for_the_password_again():
    """P-4: keys, publish, roll back, take off the shelf, member changes and decisions."""
    asked = {route.name for route in routes() if route.sudo}
    assert asked == {
        "accounts:change_role", "accounts:decide", "accounts:edit", "accounts:invite", "accounts:leave",
        "accounts:remove", "accounts:resend", "accounts:revoke", "accounts:selected_members",
        "automation:approve_login",
        "automation:end_own", "automation:end_robot", "automation:new_own", "automation:new_robot",
        "automation:replace_own", "automation:replace_robot",
        "end_other_sessions", "end_session",
        "webhooks:edit", "webhooks:new", "webhooks:secret",
        "hosts:new_webhook", "hosts:webhook_edit", "hosts:webhook_secret",
        "hosts:add_api", "hosts:add_key", "hosts:add_person", "hosts:add_signing_key",
        "hosts:appoint_administrator", "hosts:ban",
        "hosts:change_role", "hosts:configuration", "hosts:create", "hosts:end_proofs",
        "hosts:generate_server_secret", "hosts:invite_reviewer", "hosts:require_proofs",
        "hosts:withdraw_reviewer",
        "hosts:lift_ban", "hosts:open_api", "hosts:remove_api", "hosts:remove_person", "hosts:remove_program",
        "hosts:reset_server_secret", "hosts:restrict_api", "hosts:retire_signing_key", "hosts:revoke_exemption",
        "hosts:revoke_key", "hosts:revoke_permission", "hosts:selected_apis",
        "hosts:set_gateway", "keys:freeze", "keys:generate",
        "keys:reset", "keys:unfreeze", "miniprograms:take_off_shelf", "miniprograms:unbind",
        "platform:add_api", "platform:add_category", "platform:add_ide_download", "platform:add_template",
        "platform:categories", "platform:delete_api", "platform:delete_category", "platform:delete_ide_download",
        "platform:delete_template", "platform:edit_api", "platform:edit_category", "platform:edit_ide_download",
        "platform:edit_template", "platform:selected_apis", "platform:selected_categories", "platform:selected_ide",
        "platform:selected_templates", "privacy:publish", "platform:new_team",
        "releases:publish", "releases:roll_back", "reviews:approve_selected", "reviews:audit", "reviews:binding",
        "reviews:exemption",
        "reviews:permission", "sign_in_not_mine", "take_address", "unlink_identity",
        "platform:add_member", "platform:ask_for_address", "platform:edit_person", "platform:edit_team",
        "platform:new_person", "platform:remove_member", "platform:resend_invitation", "platform:revoke_invitation",
        "platform:send_password_link",
    }  # fmt: skip


def test_every_role_gets_what_the_table_says(signed_in, drawn_once):
    """And in which language: two of them read Chinese, the others English."""
    world = make_world("Own")
    for role in CHINESE:
        world.people[role].language = "zh-hans"
        world.people[role].save()
    clients = {role: signed_in(user) for role, user in world.people.items()}
    wrong, seen = [], 0
    for route, names in own_routes():
        for role, client in clients.items():
            arguments = world.fill(route.name, names, role)
            allowed = route.permission in TEAM[role]
            for method in route.methods:
                if allowed and method == "POST":
                    continue  # verbs have tests of their own
                page = ask(client, route, arguments, method)
                status = page.status_code
                if (status not in FINE) if allowed else (status != 403):
                    wrong.append((role, method, route.path, route.permission, status))
                if status == 200 and "html" in page.headers["Content-Type"]:
                    seen += role in CHINESE
                    if language(page) != ("zh-hans" if role in CHINESE else "en"):
                        wrong.append((role, route.path, language(page)))
    assert wrong == []
    assert seen >= 60


@pytest.mark.parametrize(("address", "status"), [("/nothing/", 404), ("/platform/status/", 403)])
def test_every_role_sees_why_it_is_refused(signed_in, address, status):
    for user in make_world("Own").people.values():
        page = signed_in(user).get(address)
        assert page.status_code == status
        assert 'id="sidebar"' in page.content.decode()


def test_strangers_find_nothing(signed_in, drawn_once):
    world = make_world("Own")
    other = make_world("Other")
    wrong = []
    for role in (*TEAM_ROLES, "app_admin"):
        client = signed_in(other.people[role])
        for route, names in own_routes():
            if not names:
                continue
            for method in route.methods:
                status = call(client, route, world.fill(route.name, names), method)
                if status != 404:
                    wrong.append((role, method, route.path, status))
    assert wrong == []


def test_a_foreign_or_unknown_id_in_any_place_is_not_found(signed_in, drawn_once):
    world, other = make_world("Own"), make_world("Other")
    clients = [signed_in(world.people["admin"]), signed_in(world.people["app_admin"])]
    unknown = {"app_id": "mp00000000000000", "application_id": "ha00000000000000", "number": "77.7.7"}
    # 1.0.0 exists in both worlds, agreements count from 1; the library is for all.
    same_everywhere = {"number", "agreement_number", "template_number", "act"}
    wrong = []
    for route, names in own_routes():
        client = clients[route.permission in ("decide", "edit_application")]
        for name in names:
            foreign = [] if name in same_everywhere else [other.fill(route.name, [name])[name]]
            for value in (*foreign, unknown.get(name, 999_999_999)):
                status = call(client, route, {**world.fill(route.name, names), name: value}, route.methods[0])
                if status != 404:
                    wrong.append((name, value, route.path, status))
    assert wrong == []


def test_anonymous_people_are_sent_to_sign_in():
    world = make_world("Own")
    wrong = []
    for route, names in own_routes():
        for method in route.methods:
            address = reverse(route.name, kwargs=world.fill(route.name, names))
            response = getattr(Client(), method.lower())(address)
            if (response.status_code, response.headers.get("Location", "").partition("?")[0]) != (
                302,
                reverse("account_login"),
            ):
                wrong.append((method, route.path, response.status_code))
    assert wrong == []


def test_other_methods_are_not_allowed(signed_in):
    world = make_world("Own")
    clients = {role: signed_in(user) for role, user in world.people.items()}
    wrong = []
    for route, names in own_routes():
        role = next(role for role in TEAM if route.permission in TEAM[role])
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(route.methods):
            status = call(clients[role], route, world.fill(route.name, names, role), method)
            if status != 405:
                wrong.append((method, route.path, status))
    assert wrong == []


def test_open_pages_show_nothing_of_another_team(signed_in):
    world = make_world("Own")
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    foreign = {
        "q": world.arguments["app_id"],
        "team": world.arguments["team_id"],
        "application": world.arguments["application_id"],
    }
    leaks, refusing, seen = [], set(), 0
    for route in routes():
        if route.permission != "signed_in" or "<" in route.path or route.path.startswith("/account/"):
            continue
        for query in ({}, *({name: value} for name, value in foreign.items())):
            if "GET" not in route.methods:
                continue
            response = client.get(route.path, query, follow=True)
            text = response.content.decode()
            seen += 1
            if response.status_code != 200:
                refusing.add((route.path, response.status_code, *query))
            hidden = [secret for secret in world.secrets if secret not in query.values()]
            leaks += [(route.path, query, secret) for secret in hidden if secret in text]
    assert leaks == []
    assert refusing == {
        ("/miniprograms/", 404, "team"),
        ("/versions/", 404, "team"),
        ("/grayscale/", 404, "team"),
        ("/development/", 404, "team"),
        ("/messages/", 404, "team"),
        ("/privacy-agreements/", 404, "team"),
        ("/offline-packages/", 404, "team"),
        ("/apps/", 404, "team"),
        ("/reviews/", 404, "application"),
    }
    assert seen >= 20


def test_operators_pages_are_for_operators(signed_in):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    for route in routes():
        if route.permission == "operator" and "<" not in route.path and "(" not in route.path:
            assert client.get(route.path).status_code in {302, 403, 404}, route.path
    operator = signed_in(factories.make_user(is_staff=True, is_superuser=True))
    assert {operator.get(path).status_code for path in ("/admin/", "/platform/status/")} == {200}


def test_operators_routes_as_every_role(signed_in, drawn_once):
    """No role of a team opens a page of operators; an operator opens each, of any team, and none of the teams' own."""
    world = make_world("Harbour")
    operator = signed_in(factories.make_user(is_staff=True))
    clients = {role: signed_in(person) for role, person in world.people.items()}
    wrong = []
    for route in routes():
        if route.permission != "operator" or not route.name.startswith("platform:"):
            continue
        arguments = world.fill(route.name, re.findall(r"<\w+:(\w+)>", route.path))
        for role, client in clients.items():
            for method in route.methods:
                if (status := call(client, route, arguments, method)) != 403:
                    wrong.append((route.name, role, method, status))
        if (status := call(operator, route, arguments, "GET")) not in FINE:
            wrong.append((route.name, "operator", status))
    assert wrong == []
    assert operator.get(reverse("accounts:detail", args=[world.arguments["team_id"]])).status_code == 404
