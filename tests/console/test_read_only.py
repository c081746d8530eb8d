"""One banner that names whom to ask, where the reader may only view; no lock at each button (P-1)."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from console.base.accounts.asking import SENTENCES
from console.base.accounts.permissions import ApplicationRole, TeamRole, application_roles_with, team_roles_with
from tests.factories import (
    make_application,
    make_member,
    make_online,
    make_permission,
    make_program,
    make_reviewer,
    make_team,
    make_user,
)
from tests.factories.people import join

pytestmark = pytest.mark.django_db


def text_of(client, name, *args):
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def banner(text):
    """Return the words of the banner; "" without one."""
    found = re.search(r'<div class="banner[^"]* read-only" role="note">(.*?)</div>', text, re.DOTALL)
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", found[1], flags=re.DOTALL).split()) if found else ""


def locked(text):
    """Return the buttons that are drawn and can't be pressed."""
    return re.findall(r"<button[^>]*btn-impossible", text)


@pytest.fixture
def program():
    program = make_program(make_team("Harbour Transit", admin=make_user("Ada Lind")), name="City Bus")
    make_online(program)
    return program


def test_a_viewer_is_told_whom_to_ask_once(program, signed_in):
    join(program.team, make_user("Tomas Rey"), "license_holder")
    join(program.team, make_user("Dev Elope"), "developer")
    join(program.team, make_user("Gone Away", is_active=False), "admin")
    text = text_of(signed_in(make_member(program.team, "viewer")), "releases:versions", program.app_id)

    assert banner(text).startswith(
        "You can view this. Team administrators and license holders of Harbour Transit can change it."
        " People to ask: Ada Lind"
    )
    assert "Tomas Rey" in banner(text)
    assert ("Dev Elope" in banner(text), "Gone Away" in banner(text)) == (False, False)
    assert not locked(text)
    assert reverse("accounts:detail", args=[program.team.pk]) in text
    assert text.count("read-only") == 1


def test_who_may_do_something_there_keeps_grey_buttons(program, signed_in):
    text = text_of(signed_in(make_member(program.team, "developer")), "releases:versions", program.app_id)
    assert banner(text) == ""
    assert locked(text)
    assert "Only team administrators and license holders can do this." in text


def test_three_people_are_named_and_the_others_counted(program, signed_in):
    for number in range(4):
        join(program.team, make_user(f"Holder {number}"), "license_holder")
    client = signed_in(make_member(program.team, "viewer"))
    others = program.team.memberships.filter(role__in=team_roles_with("manage")).count() - 3
    words = banner(text_of(client, "releases:versions", program.app_id))
    assert words.endswith(f" and {others} more. See everyone")


@pytest.mark.parametrize("page", ["miniprograms:detail", "grayscale:tasks", "privacy:agreement"])
def test_a_developer_reads_where_every_change_is_others(program, signed_in, page):
    text = text_of(signed_in(make_member(program.team, "developer")), page, program.app_id)
    assert "Team administrators and license holders of Harbour Transit" in banner(text)
    assert not locked(text)
    holder = text_of(signed_in(make_member(program.team, "license_holder")), page, program.app_id)
    assert banner(holder) == ""


@pytest.mark.parametrize("page", ["devmgmt:domains", "devmgmt:permissions", "messaging:templates"])
def test_what_developers_may_do_names_them(program, signed_in, page):
    text = text_of(signed_in(make_member(program.team, "viewer")), page, program.app_id)
    assert "of Harbour Transit can change it. People to ask:" in banner(text) or page == "devmgmt:permissions"
    assert not locked(text)


@pytest.mark.parametrize("page", ["miniprograms:activity", "releases:audits", "devmgmt:logs"])
def test_a_page_without_anything_to_change_has_none(program, signed_in, page):
    assert banner(text_of(signed_in(make_member(program.team, "viewer")), page, program.app_id)) == ""


@pytest.mark.parametrize("page", ["detail", "apis", "grants", "gateway", "signing_keys", "proofs"])
def test_a_reviewer_reads_what_administrators_of_the_application_keep(signed_in, page):
    application = make_application(name="Harbour Super App")
    make_reviewer(application, "app_admin")
    make_permission(make_program(), application)
    text = text_of(signed_in(make_reviewer(application)), f"hosts:{page}", application.application_id)
    assert not locked(text)
    assert "Application administrators of Harbour Super App can change it." in banner(text)


def test_a_member_of_the_team_can_still_leave_it(program, signed_in):
    text = text_of(signed_in(make_member(program.team, "developer")), "accounts:detail", program.team.pk)
    assert "Team administrators of Harbour Transit can change it." in banner(text)
    assert "Leave…" in text
    assert "Change role…" not in text


def test_the_sentences_name_the_roles_that_hold_the_right():
    labels = {role: str(kind(role).label).lower() for kind in (TeamRole, ApplicationRole) for role in kind.values}
    for permission, sentence in SENTENCES.items():
        named = {role for role, label in labels.items() if f"{label}s" in str(sentence).lower()}
        assert named == {*team_roles_with(permission), *application_roles_with(permission)}
