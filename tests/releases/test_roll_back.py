"""Rolling back (V-13): the verb and its page."""

import html
import re

import pytest
from django.urls import reverse

from console.base.core.errors import ActionRefused
from releases import actions
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    """A program with 1.0.0, 1.1.0 and 1.2.0 published in turn."""
    program = factories.make_program()
    for number in ("1.0.0", "1.1.0", "1.2.0"):
        factories.make_online(program, number)
    program.refresh_from_db()
    return program


def version(program, number):
    return program.versions.numbered(number).get()


def url(program):
    return reverse("releases:roll_back", args=[program.app_id])


def seen_in(page):
    """Return the online version with which the form was drawn."""
    return re.search(r'name="seen" value="(\d+)"', page.content.decode())[1]


def test_returns_to_the_version_before(program):
    release = actions.roll_back(version(program, "1.1.0"), by=program.created_by, note="Broken")
    program.refresh_from_db()
    assert (program.online_number, release.kind) == ("1.1.0", "roll_back")
    assert (release.from_version.number, release.to_version.number) == ("1.2.0", "1.1.0")
    assert version(program, "1.2.0").rolled_back_at is not None


def test_returns_to_any_earlier_release(program):
    actions.roll_back(version(program, "1.0.0"), by=program.created_by)
    assert program.versions.online().get().number == "1.0.0"


def test_not_twice_running(program):
    actions.roll_back(version(program, "1.1.0"), by=program.created_by)
    with pytest.raises(ActionRefused, match=r"1\.1\.0 is online after a rollback\. Publish a version before"):
        actions.roll_back(version(program, "1.0.0"), by=program.created_by)


def test_again_after_a_publish_but_not_to_what_was_rolled_back(program):
    actions.roll_back(version(program, "1.1.0"), by=program.created_by)
    factories.make_online(program, "1.3.0")
    with pytest.raises(ActionRefused, match=r"can’t roll back to 1\.2\.0"):
        actions.roll_back(version(program, "1.2.0"), by=program.created_by)
    actions.roll_back(version(program, "1.1.0"), by=program.created_by)
    assert program.versions.online().get().number == "1.1.0"


def test_first_release_can_not_be_rolled_back():
    program = factories.make_program()
    only = factories.make_online(program)
    with pytest.raises(ActionRefused, match="the first release"):
        actions.roll_back(only, by=program.created_by)


def test_nothing_online():
    program = factories.make_program()
    approved = factories.make_approved(program)
    with pytest.raises(ActionRefused, match="needs an online version"):
        actions.roll_back(approved, by=program.created_by)


def test_refuses_off_the_shelf(program):
    program.shelf = "off"
    program.save()
    with pytest.raises(ActionRefused, match="off the shelf"):
        actions.roll_back(version(program, "1.1.0"), by=program.created_by)


def test_never_to_an_approved_version_that_was_not_online(program):
    approved = factories.make_approved(program, "1.3.0")
    with pytest.raises(ActionRefused, match="can’t roll back to"):
        actions.roll_back(approved, by=program.created_by)


def test_page_rolls_back(program, signed_in):
    client = signed_in(program.created_by)
    response = client.post(url(program), {"version": version(program, "1.1.0").pk, "note": "Broken"})
    assert response.status_code == 302
    assert program.versions.online().get().number == "1.1.0"
    response = client.post(url(program), {"version": version(program, "1.0.0").pk})
    assert response.status_code == 422
    assert "Publish a version before you roll back again" in response.content.decode()


def test_page_refuses_to_retire_a_version_that_it_did_not_name(program, signed_in):
    client = signed_in(program.created_by)
    seen = seen_in(client.get(url(program)))
    factories.make_online(program, "1.3.0")
    asked = {"version": version(program, "1.1.0").pk, "note": "Broken"}
    response = client.post(url(program), {**asked, "seen": seen})
    assert response.status_code == 422
    assert "1.3.0 has gone online since you opened this. Check it again." in html.unescape(response.content.decode())
    assert program.versions.online().get().number == "1.3.0"
    # What is shown now names it, and may be confirmed.
    assert client.post(url(program), {**asked, "seen": seen_in(response)}).status_code == 302
    assert program.versions.online().get().number == "1.1.0"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "dialog"}])
def test_who_is_asked_while_somebody_else_rolls_back_learns_of_it(headers, program, signed_in):
    mira = factories.make_member(program.team, "admin")
    client, target = signed_in(program.created_by), version(program, "1.1.0")
    seen = seen_in(client.get(url(program)))
    actions.roll_back(target, by=mira)
    response = client.post(url(program), {"version": target.pk, "seen": seen}, headers=headers)
    page = html.unescape(response.content.decode())
    assert response.status_code == 422
    assert f"Already rolled back to 1.1.0 by {mira}. Publish a version before you roll back again." in page
    assert "Select a valid choice" not in page
    assert "can’t go online again" not in page
    assert "btn-danger" not in page
    assert program.versions.online().get() == target


def test_page_refuses_a_version_of_another_program(program, signed_in):
    other = factories.make_program(program.team)
    factories.make_online(other, "1.0.0")
    response = signed_in(program.created_by).post(url(program), {"version": version(other, "1.0.0").pk})
    assert response.status_code == 422
    assert program.versions.online().get().number == "1.2.0"


def test_page_other_team(program, signed_in):
    assert signed_in(factories.make_member(factories.make_team(), "admin")).get(url(program)).status_code == 404


def test_page_lower_role(program, signed_in):
    assert signed_in(factories.make_member(program.team, "developer")).post(url(program)).status_code == 403
