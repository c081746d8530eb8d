"""Creating a mini program (L-1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from PIL import Image

from console.base.accounts.models import Team, User
from console.base.activity.models import ActivityEntry
from miniprograms.models import MiniProgram
from tests import stored
from tests.factories import join, make_application, make_category, make_icon, make_member, make_program, make_team

SignIn = Callable[[User], Client]
URL = "/miniprograms/create/"


def fields(owner: Team, **changes: Any) -> dict[str, Any]:
    """What someone types."""
    typed = {
        "team": owner.pk,
        "name": "City Bus",
        "icon": make_icon(),
        "category": make_category().pk,
        "introduction": "Buses of the city.",
        "description": "All lines.\r\nLive.",
    }
    return typed | changes


@pytest.fixture
def team(db: None) -> Team:
    return make_team("Harbour")


@pytest.fixture
def holder(team: Team) -> User:
    return make_member(team, "license_holder")


def icons() -> set[str]:
    """The files that are kept."""
    return stored.names(default_storage)


def test_creates(signed_in: SignIn, team: Team, holder: User) -> None:
    response = signed_in(holder).post(URL, fields(team))
    program = MiniProgram.objects.get()
    entry = ActivityEntry.objects.get(verb="mini_program.created")

    assert (response.status_code, response.url) == (302, f"/miniprograms/{program.app_id}/")
    assert (program.team, program.name, program.description) == (team, "City Bus", "All lines.\nLive.")
    assert re.fullmatch(r"mp[a-z0-9]{14}", program.app_id)
    assert Image.open(program.icon).size == (256, 256)
    assert (entry.actor_id, entry.team_id, entry.mini_program_id) == (holder.pk, team.pk, program.app_id)
    assert ActivityEntry.objects.of_program(program.app_id).count() == 1


def test_shows_the_form_with_the_only_team(signed_in: SignIn, team: Team, holder: User) -> None:
    page = signed_in(holder).get(URL)

    assert (page.status_code, page.context["form"].is_bound) == (200, False)
    assert list(page.context["form"].fields["team"].queryset) == [team]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_refuses_other_methods(signed_in: SignIn, holder: User, method: str) -> None:
    assert getattr(signed_in(holder), method)(URL).status_code == 405


@pytest.mark.parametrize("role", ["developer", "viewer"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_lower_roles_are_forbidden(signed_in: SignIn, team: Team, role: str, method: str) -> None:
    response = getattr(signed_in(make_member(team, role)), method)(URL, fields(team))

    assert response.status_code == 403
    assert MiniProgram.objects.count() == 0


def test_only_teams_in_which_the_user_may(signed_in: SignIn, holder: User) -> None:
    other, lower = make_team(), make_team(developer=holder)
    client = signed_in(holder)

    for team_id in (other.pk, lower.pk, 987654321, "\0", "x"):
        response = client.post(URL, fields(other, team=team_id))
        assert (response.status_code, [*response.context["form"].errors]) == (422, ["team"])
    assert MiniProgram.objects.count() == 0


@pytest.mark.parametrize("name", ["City Bus", "CITY BUS", "  city   bus "])
def test_a_name_is_used_once_in_a_team(signed_in: SignIn, team: Team, holder: User, name: str) -> None:
    make_program(team, "City Bus")
    kept = icons()

    response = signed_in(holder).post(URL, fields(team, name=name, introduction="Kept as typed"))

    assert response.status_code == 422
    assert response.context["form"].errors == {
        "name": ["The team already has a mini program with this name. Choose another one."]
    }
    page = response.content.decode()
    assert "Kept as typed" in page and "Choose the icon again" in page
    assert (MiniProgram.objects.count(), icons()) == (1, kept)


def test_another_team_may_use_the_name(signed_in: SignIn, team: Team, holder: User) -> None:
    make_program(name="City Bus")

    assert signed_in(holder).post(URL, fields(team)).status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x"),
        ("name", " x "),
        ("name", "x" * 31),
        ("name", "\u202egnp.exe"),
        ("name", "a\u200bb"),
        ("name", "nul\0nul"),
        ("name", "x" * 5000),
        ("name", "\u0958" * 30),  # thirty that become sixty when normalised
        ("category", 987654321),
        ("category", ""),
        ("introduction", ""),
        ("introduction", "x" * 121),
        ("description", "x" * 2001),
        ("icon", ContentFile(b"<svg/>", name="icon.png")),
        ("icon", ContentFile(b"x" * (1024 * 1024 + 1), name="icon.png")),
    ],
)
def test_refuses_beside_the_field(signed_in: SignIn, team: Team, holder: User, field: str, value: Any) -> None:
    response = signed_in(holder).post(URL, fields(team, **{field: value}))

    assert (response.status_code, [*response.context["form"].errors]) == (422, [field])
    assert MiniProgram.objects.count() == 0


@pytest.mark.parametrize("name", ["<b>Bold</b>", "مواقف السيارات", "🚌 👩‍👩‍👧", "é" * 30, "x" * 30, "公交", "{{ 7 }}"])
def test_takes_and_escapes_any_visible_name(signed_in: SignIn, team: Team, holder: User, name: str) -> None:
    response = signed_in(holder).post(URL, fields(team, name=name), follow=True)

    assert response.status_code == 200
    assert MiniProgram.objects.get().name == name
    assert "<b>Bold" not in response.content.decode()


def test_limits_count_a_line_break_once(signed_in: SignIn, team: Team, holder: User) -> None:
    assert signed_in(holder).post(URL, fields(team, description="x\r\n" * 1000)).status_code == 302
    assert len(MiniProgram.objects.get().description) <= 2000


def test_the_app_id_can_not_be_chosen(signed_in: SignIn, team: Team, holder: User) -> None:
    signed_in(holder).post(URL, fields(team, app_id="mpaaaaaaaaaaaaaa"))

    assert MiniProgram.objects.get().app_id != "mpaaaaaaaaaaaaaa"


def test_twice_makes_one(signed_in: SignIn, team: Team, holder: User) -> None:
    client = signed_in(holder)

    assert [client.post(URL, fields(team)).status_code for _ in range(2)] == [302, 422]
    assert MiniProgram.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_at_once_makes_one(signed_in: SignIn) -> None:
    team = make_team()
    clients = [signed_in(make_member(team, "license_holder")) for _ in range(2)]
    make_category()
    kept = icons()

    def send(client: Client) -> int:
        try:
            return client.post(URL, fields(team)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(send, clients))

    assert statuses == [302, 422]
    assert (MiniProgram.objects.count(), len(icons() - kept)) == (1, 1)
    assert ActivityEntry.objects.filter(verb="mini_program.created").count() == 1


def test_the_only_team_is_chosen(signed_in: SignIn) -> None:
    team = make_team()
    page = signed_in(make_member(team, "license_holder")).get(URL).content.decode()

    assert f'<option value="{team.pk}" selected>' in page


def test_the_remembered_team_is_chosen(signed_in: SignIn) -> None:
    team = make_team()
    user = make_member(team, "admin")
    join(make_team(), user, "admin")
    client = signed_in(user)
    client.get(f"/miniprograms/?team={team.pk}")

    assert f'<option value="{team.pk}" selected>' in client.get(URL).content.decode()


def test_without_an_icon_and_with_a_binding_asked_for(signed_in: SignIn, team: Team, holder: User) -> None:
    """P-11: the icon is drawn from the name, and the introduction is the reason."""
    application = make_application(name="Metro Wallet")
    form = fields(team, application=application.pk)
    del form["icon"]
    assert signed_in(holder).post(URL, form).status_code == 302
    program = MiniProgram.objects.get()
    assert Image.open(program.icon).size == (256, 256)
    binding = program.bindings.get()
    assert (binding.application, binding.state, binding.reason) == (application, "waiting", program.introduction)
    assert list(ActivityEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "mini_program.created",
        "binding.requested",
    ]


def test_an_application_that_takes_no_bindings_is_refused_beside_the_field(
    signed_in: SignIn, team: Team, holder: User
) -> None:
    closed = make_application(listed=False)
    own = make_application(team, listed=False)
    client = signed_in(holder)
    form = client.get(URL, {"application": closed.application_id}).context["form"]
    assert list(form.fields["application"].queryset) == [own]
    assert form.initial["application"] is None
    answer = client.post(URL, fields(team, application=closed.pk))
    assert (answer.status_code, [*answer.context["form"].errors]) == (422, ["application"])
    assert not MiniProgram.objects.exists()
