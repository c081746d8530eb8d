"""Editing the descriptive fields (L-3)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from console.base.accounts.models import Team, User
from console.base.activity.events import in_list
from console.base.activity.forms import Difference
from console.base.activity.models import ActivityEntry
from console.base.core.images import encode_icon
from miniprograms import actions
from miniprograms.models import MiniProgram
from tests.factories import join, make_category, make_icon, make_member, make_program, make_team, make_user

SignIn = Callable[[User], Client]
BASE = {"name": "City Bus", "introduction": "Buses.", "description": "All lines."}


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def holder(team: Team) -> User:
    return make_member(team, "license_holder")


@pytest.fixture
def program(team: Team) -> MiniProgram:
    return make_program(team, **BASE, icon=encode_icon(make_icon()))


def url(program: MiniProgram) -> str:
    """The form's address."""
    return f"/miniprograms/{program.app_id}/edit/"


def typed(program: MiniProgram, **changes: Any) -> dict[str, Any]:
    """What the form sends when only `changes` were typed."""
    names = ("name", "introduction", "description", "revision")
    return {name: getattr(program, name) for name in names} | {"category": program.category_id} | changes


def edits(program: MiniProgram) -> int:
    """How many edits are in the log."""
    return ActivityEntry.objects.of_program(program.app_id).filter(verb="mini_program.edited").count()


def test_edits(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    category = make_category("Travel")

    response = signed_in(holder).post(url(program), typed(program, name="Night Bus", category=category.pk))
    program.refresh_from_db()
    entry = ActivityEntry.objects.get(verb="mini_program.edited")

    assert (response.status_code, response.url) == (302, program.get_absolute_url())
    assert (program.name, program.category, program.revision) == ("Night Bus", category, 2)
    assert in_list(program.last_change, program.last_change_label) == "Edited"
    assert entry.changes() == [("name", "City Bus", "Night Bus"), ("category", "Transport", "Travel")]


def test_shows_what_is_saved(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    page = signed_in(holder).get(url(program)).content.decode()

    assert [text for text in ("City Bus", "Buses.", "All lines.", program.icon.url) if text not in page] == []


@pytest.mark.parametrize("method", ["put", "delete"])
def test_refuses_other_methods(signed_in: SignIn, program: MiniProgram, holder: User, method: str) -> None:
    assert getattr(signed_in(holder), method)(url(program)).status_code == 405


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_teams_program_is_not_there(signed_in: SignIn, program: MiniProgram, method: str) -> None:
    stranger = make_member(make_team(), "admin")

    assert getattr(signed_in(stranger), method)(url(program), typed(program)).status_code == 404
    assert edits(program) == 0


@pytest.mark.parametrize("role", ["developer", "viewer"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_lower_roles_are_forbidden(signed_in: SignIn, team: Team, program: MiniProgram, role: str, method: str) -> None:
    client = signed_in(make_member(team, role))

    assert getattr(client, method)(url(program), typed(program, name="Mine")).status_code == 403
    assert edits(program) == 0


@pytest.mark.parametrize("app_id", ["mp00000000000000", "%00", "x" * 5000, "-1"])
def test_a_wrong_app_id_is_not_there(signed_in: SignIn, holder: User, app_id: str) -> None:
    assert signed_in(holder).get(f"/miniprograms/{app_id}/edit/").status_code == 404


def test_changes_only_descriptive_fields(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    other = make_team(admin=holder)
    before = (program.app_id, program.team_id, program.shelf, program.online_number)

    signed_in(holder).post(
        url(program),
        typed(program, name="New", app_id="mpaaaaaaaaaaaaaa", team=other.pk, shelf="off", online_number="9.9.9"),
    )
    program.refresh_from_db()

    assert (program.app_id, program.team_id, program.shelf, program.online_number) == before
    assert program.name == "New"


def test_saving_unchanged_is_no_change(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    assert signed_in(holder).post(url(program), typed(program)).status_code == 302
    program.refresh_from_db()

    assert (program.revision, edits(program)) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_new_icon_replaces_the_file(signed_in: SignIn) -> None:
    team = make_team()
    program = make_program(team, icon=encode_icon(make_icon()))
    old = program.icon.name
    holder = make_member(team, "admin")

    assert signed_in(holder).post(url(program), typed(program, icon=make_icon(size=90))).status_code == 302
    program.refresh_from_db()

    assert [default_storage.exists(name) for name in (old, program.icon.name)] == [False, True]
    assert [name for name, *_values in ActivityEntry.objects.get(verb="mini_program.edited").changes()] == ["icon"]


def test_a_refused_icon_keeps_the_old_one(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    bad = ContentFile(b"no picture", name="icon.png")

    response = signed_in(holder).post(url(program), typed(program, name="New", icon=bad))

    assert (response.status_code, [*response.context["form"].errors]) == (422, ["icon"])
    assert 'value="New"' in response.content.decode()
    assert default_storage.exists(program.icon.name)


def test_a_name_of_the_team_is_refused_beside_its_field(
    signed_in: SignIn, team: Team, program: MiniProgram, holder: User
) -> None:
    make_program(team, "Night Bus")

    response = signed_in(holder).post(url(program), typed(program, name="night BUS"))

    assert response.status_code == 422
    assert response.context["form"].errors == {
        "name": ["The team already has a mini program with this name. Choose another one."]
    }
    assert signed_in(holder).post(url(program), typed(program, name="CITY BUS")).status_code == 302


def test_who_comes_second_sees_what_changed(signed_in: SignIn, team: Team, program: MiniProgram, holder: User) -> None:
    other = make_member(team, "admin")
    actions.edit(program, by=other, **typed_for_verb(program, introduction="Theirs.", description="Their lines."))
    client = signed_in(holder)

    refused = client.post(url(program), typed(program, name="Mine", description="My lines."))
    form = refused.context["form"]
    program.refresh_from_db()

    assert refused.status_code == 422
    assert form.non_field_errors() == [
        "Someone else changed this mini program while you were editing. Reload the page."
    ]
    assert form.differences == [
        Difference("Introduction", "Theirs.", "Buses.", taken=True),
        Difference("Description", "Their lines.", "My lines.", taken=False),
    ]
    page = refused.content.decode()
    assert all(text in page for text in (str(other), "Their lines.", "My lines.", "Theirs."))
    assert (program.name, program.introduction, program.description) == ("City Bus", "Theirs.", "Their lines.")
    kept = {name: form[name].value() for name in ("name", "introduction", "description")}
    assert kept == {"name": "Mine", "introduction": "Theirs.", "description": "My lines."}

    again = client.post(
        url(program), kept | {"category": form["category"].value(), "revision": form["revision"].value()}
    )
    program.refresh_from_db()

    assert again.status_code == 302
    assert (program.name, program.introduction, program.description) == ("Mine", "Theirs.", "My lines.")
    assert (program.revision, edits(program)) == (3, 2)


def typed_for_verb(program: MiniProgram, **changes: Any) -> dict[str, Any]:
    """The verb's arguments when only `changes` were typed."""
    return typed(program, **changes) | {"category": program.category}


def test_several_edits_meanwhile_compare_with_what_the_editor_saw(
    signed_in: SignIn, program: MiniProgram, holder: User
) -> None:
    stale = typed(program, name="Mine")
    for name in ("One", "Two"):
        program = actions.edit(program, by=holder, **typed_for_verb(program, name=name, introduction=f"Since {name}."))

    form = signed_in(holder).post(url(program), stale).context["form"]

    assert form.differences == [
        Difference("Name", "Two", "Mine", taken=False),
        Difference("Introduction", "Since Two.", "Buses.", taken=True),
    ]
    assert len(form.edits) == 2


@pytest.mark.parametrize(
    ("language", "label", "theirs", "mine"),
    [("en", "Category", "Education", "Transport"), ("zh-hans", "分类", "教育", "交通")],
)
def test_a_category_that_only_the_other_one_changed_is_taken_in_every_language(
    signed_in: SignIn, team: Team, program: MiniProgram, language: str, label: str, theirs: str, mine: str
) -> None:
    category, editor = make_category("Education"), make_user(language=language)
    join(team, editor, "license_holder")
    stale = typed(program, name="Mine")
    actions.edit(program, by=make_member(team, "admin"), **typed_for_verb(program) | {"category": category})

    form = signed_in(editor).post(url(program), stale).context["form"]

    assert Difference(label, theirs, mine, taken=True) in form.differences
    assert form["category"].value() == category.pk


def test_says_that_the_icon_was_replaced(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    stale = typed(program, name="Mine")
    actions.edit(program, by=holder, icon=encode_icon(make_icon()), **typed_for_verb(program))

    response = signed_in(holder).post(url(program), stale)
    program.refresh_from_db()

    assert response.context["form"].icon_replaced()
    assert program.icon.url in response.content.decode()


@pytest.mark.parametrize("revision", [0, -5, 2, 999_999_999_999, -(10**30)])
def test_a_wrong_revision_overwrites_nothing(
    signed_in: SignIn, program: MiniProgram, holder: User, revision: int
) -> None:
    response = signed_in(holder).post(url(program), typed(program, name="Mine", revision=revision))

    assert response.status_code == 422
    assert response.context["form"].differences == [Difference("Name", "City Bus", "Mine", taken=False)]


@pytest.mark.parametrize("revision", ["", "x", "\0", "1" * 5000])
def test_no_revision_overwrites_nothing(signed_in: SignIn, program: MiniProgram, holder: User, revision: str) -> None:
    assert signed_in(holder).post(url(program), typed(program, name="Mine", revision=revision)).status_code == 422
    assert edits(program) == 0


@pytest.mark.django_db(transaction=True)
def test_at_once_one_is_saved_and_the_other_asked(signed_in: SignIn) -> None:
    team = make_team()
    program = make_program(team)
    clients = {name: signed_in(make_member(team, "license_holder")) for name in ("One", "Two")}

    def send(name: str) -> tuple[int, str]:
        try:
            return clients[name].post(url(program), typed(program, name=name)).status_code, name
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        (won, first), (lost, _second) = sorted(pool.map(send, clients))
    program.refresh_from_db()

    assert (won, lost) == (302, 422)
    assert (program.name, program.revision, edits(program)) == (first, 2, 1)
