"""K-1: for who is no team administrator the section is absent from the menu, switchers and links."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.devmgmt.keys.asking import url
from tests.factories import join, make_member, make_program, make_team

OWN = 'class="nav-link" href="%s"'
ACROSS = OWN % "/keys/"


def detail(client, program):
    return client.get(program.get_absolute_url()).content.decode()


def test_absent_for_others(signed_in, program, admin):
    for role in ("license_holder", "developer", "viewer"):
        client = signed_in(make_member(program.team, role))
        for text in (detail(client, program), client.get("/").content.decode()):
            assert ACROSS not in text
            assert url(program) not in text
    client = signed_in(admin)
    assert OWN % url(program) in detail(client, program)
    assert ACROSS in client.get("/").content.decode()


def test_on_a_programs_page_its_team_decides(signed_in, program, admin):
    other = make_program(make_team(license_holder=admin))
    client = signed_in(admin)
    assert OWN % url(program) in detail(client, program)
    assert url(other) not in detail(client, other)
    assert ACROSS in client.get("/").content.decode()
    assert client.get(url(other)).status_code == 403


def test_only_who_has_several_roles_pays_for_it(signed_in, program, admin):
    client, page, counts = signed_in(admin), reverse("releases:versions", args=[program.app_id]), []
    client.get(page)
    for role in ("admin", "license_holder"):
        join(make_team(), admin, role)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        counts.append(len(queries))
    assert counts[1] == counts[0] + 1


def test_switchers_lead_nowhere_that_is_403(signed_in, program, admin):
    other = make_program(make_team("Elsewhere", license_holder=admin))
    client = signed_in(admin)
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver" + url(program)}
    text = client.get(reverse("switch", args=["programs"]), headers=here).content.decode()
    assert (url(program) in text, url(other) in text, other.name in text) == (True, False, False)
    text = client.get(reverse("keys:overview")).content.decode()
    assert f"/keys/?team={program.team_id}" in text
    assert f"/keys/?team={other.team_id}" not in text
    elsewhere = {**here, "HX-Current-URL": "http://testserver/"}
    text = client.get(reverse("switch", args=["programs"]), headers=elsewhere).content.decode()
    assert (program.name in text, other.name in text) == (True, True)
