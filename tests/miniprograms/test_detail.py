"""The details of a mini program, its activity, the IDE downloads, and what operators see (L-5, P-5)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.base.accounts.models import User
from console.base.activity.events import in_list
from console.sections import MINI_PROGRAM
from miniprograms import actions
from miniprograms.models import Category, IdeDownload
from tests.factories import (
    make_application,
    make_binding,
    make_category,
    make_member,
    make_online,
    make_program,
    make_team,
    make_user,
)

SignIn = Callable[[User], Client]
PAGES = ["", "activity/"]


def test_shows_everything(signed_in: SignIn) -> None:
    program = make_program(make_team("Harbour"), "City Bus", description="All lines.")
    for state, name in [
        ("waiting", "Ask Ltd"),
        ("rejected", "No Ltd"),
        ("ended", "Gone Ltd"),
        ("withdrawn", "Back Ltd"),
    ]:
        make_binding(program, make_application(name=name), state=state, note="Too slow.")
    make_binding(program, make_application(name="Yes Ltd"))
    make_online(program, "2.4.0")

    response = signed_in(make_member(program.team, "viewer")).get(program.get_absolute_url())
    page = response.content.decode()

    assert [row.application.name for row in response.context["bindings"]] == [
        "Ask Ltd",
        "Yes Ltd",
        "No Ltd",
        "Gone Ltd",
        "Back Ltd",
    ]
    for text in (
        program.app_id,
        "The App ID never changes.",
        "Harbour",
        "All lines.",
        "2.4.0",
        "Too slow.",
        "Bound since",
    ):
        assert text in page
    assert f"/miniprograms/{program.app_id}/versions/" in page


def test_links_to_each_section(signed_in: SignIn) -> None:
    program = make_program()
    page = signed_in(make_member(program.team, "admin")).get(program.get_absolute_url()).content.decode()
    card = page.partition(">Sections</h2>")[2].partition("</section>")[0]
    for section in MINI_PROGRAM[1:]:
        assert f'href="{section.url_for(program.app_id)}">{section.label}</a>' in card


def test_shows_how_each_application_stands_now(signed_in: SignIn) -> None:
    program, application = make_program(), make_application()
    make_binding(program, application, state="rejected", note="First.")
    newest = make_binding(program, application, state="waiting")

    response = signed_in(program.created_by).get(program.get_absolute_url())

    assert response.context["bindings"] == [newest]


@pytest.mark.parametrize("page", PAGES)
def test_only_reads(signed_in: SignIn, page: str) -> None:
    program = make_program()

    assert signed_in(program.created_by).post(program.get_absolute_url() + page).status_code == 405


@pytest.mark.parametrize("page", PAGES)
def test_another_teams_program_is_not_there(signed_in: SignIn, page: str) -> None:
    client = signed_in(make_member(make_team(), "admin"))

    assert client.get(make_program().get_absolute_url() + page).status_code == 404


@pytest.mark.parametrize("app_id", ["mp00000000000000", "%00", "x" * 5000, "%F0%9F%9A%8C", "..%2F"])
def test_a_wrong_app_id_is_not_there(signed_in: SignIn, app_id: str) -> None:
    assert signed_in(make_user()).get(f"/miniprograms/{app_id}/").status_code == 404


def test_a_removed_member_is_out_at_once(signed_in: SignIn) -> None:
    program = make_program()
    user = make_member(program.team, "viewer")
    client = signed_in(user)

    assert client.get(program.get_absolute_url()).status_code == 200
    user.memberships.all().delete()
    assert client.get(program.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("role", ["developer", "viewer", "license_holder", "admin"])
def test_actions_name_who_may(signed_in: SignIn, role: str) -> None:
    program = make_program()
    waiting, bound = make_binding(program, state="waiting"), make_binding(program)
    make_application()

    page = signed_in(make_member(program.team, role)).get(program.get_absolute_url()).content.decode()

    base = program.get_absolute_url()
    links = ["edit/", "take-off/", "bindings/ask/", f"bindings/{waiting.pk}/withdraw/", f"bindings/{bound.pk}/unbind/"]
    may = role in ("license_holder", "admin")
    assert [f'href="{base}{link}"' in page for link in links] == [may] * 5
    assert ("Team administrators and license holders of" in page) is not may


def test_says_that_nobody_is_left_to_ask(signed_in: SignIn) -> None:
    program = make_program()

    page = signed_in(program.created_by).get(program.get_absolute_url()).content.decode()

    assert "You have already requested or bound every app that accepts bindings." in page


@pytest.mark.parametrize("page", PAGES)
def test_asks_the_same_number_of_questions_for_any_number_of_rows(signed_in: SignIn, page: str) -> None:
    program = make_program()
    client = signed_in(program.created_by)
    counts = []
    for rows in (1, 2):
        for _ in range(rows):
            application = make_application()
            binding = actions.request_binding(
                program, application=application, reason="x", by=make_member(program.team, "admin")
            )
            make_binding(program, state="ended", ended_by=make_user(), ended_at=binding.requested_at)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(program.get_absolute_url() + page).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert counts[0] <= 16


def test_escapes_everything(signed_in: SignIn) -> None:
    program = make_program(name="<b>n</b>", introduction="<b>i</b>", description="<b>d</b>\n\u202eRTL 🚌")
    make_binding(program, make_application(name="<b>a</b>"), state="rejected", note="<b>r</b>")
    actions.take_off_shelf(program, by=program.created_by, reason="<b>why</b>")
    client = signed_in(program.created_by)

    for page in PAGES:
        assert "<b>" not in client.get(program.get_absolute_url() + page).content.decode()


# Activity ---------------------------------------------------------------------------------------------------------


def test_activity_shows_only_the_programs_own_entries(signed_in: SignIn) -> None:
    program, other = make_program(), make_program()
    for each in (program, other):
        actions.take_off_shelf(each, by=each.created_by, reason="Repairs")
    actions.put_on_shelf(program, by=make_member(program.team, "admin"))
    client = signed_in(program.created_by)
    page = program.get_absolute_url() + "activity/"

    def verbs(query: str) -> list[str]:
        entries = client.get(page + query).context["entries"]
        assert {entry.mini_program_id for entry in entries} <= {program.app_id}
        return [entry.verb for entry in entries]

    both = ["mini_program.put_on_shelf", "mini_program.taken_off_shelf"]
    assert verbs("") == both
    assert verbs(f"?what={'mini_program.put_on_shelf'}") == both[:1]
    assert verbs(f"?who={program.created_by}") == both[1:]
    assert verbs("?when=7") == both
    assert verbs("?what=%00&when=x&before=%00") == both


# IDE downloads ----------------------------------------------------------------------------------------------------


def test_lists_every_ide_download_newest_first(signed_in: SignIn) -> None:
    for version, day in [("3.8.0", "2026-10-01"), ("3.8.1", "2026-11-04"), ("3.7.9", "2026-09-01")]:
        IdeDownload.objects.create(
            version=version,
            platform="macos",
            released_on=day,
            url=f"https://ide.example/{version}",
            notes="<b>New</b>",
            size=192_000_000,
        )

    response = signed_in(make_user()).get("/miniprograms/ide/")
    page = response.content.decode()

    assert [download.version for download in response.context["downloads"]] == ["3.8.1", "3.8.0", "3.7.9"]
    assert 'href="https://ide.example/3.7.9"' in page and "<b>New" not in page
    assert signed_in(make_user()).post("/miniprograms/ide/").status_code == 405


def test_says_that_there_are_no_downloads_yet(signed_in: SignIn) -> None:
    assert "No downloads yet" in signed_in(make_user()).get("/miniprograms/ide/").content.decode()


# Operators --------------------------------------------------------------------------------------------------------


@pytest.fixture
def operator(db: None) -> User:
    return make_user(is_staff=True, is_superuser=True)


def download(**changes: str) -> dict[str, str]:
    """What an operator types."""
    typed = {
        "version": "3.8.1",
        "platform": "macos",
        "requirement": "13 or later",
        "url": "https://ide.example/3.8.1.dmg",
    }
    return typed | {"size": "192000000", "released_on": "2026-11-04", "notes": ""} | changes


def test_operators_add_downloads(signed_in: SignIn, operator: User) -> None:
    assert signed_in(operator).post("/admin/miniprograms/idedownload/add/", download()).status_code == 302
    assert str(IdeDownload.objects.get()) == "3.8.1, macOS"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://ide.example/x"),
        ("url", "javascript:alert(1)"),
        ("url", "ftp://ide.example/x"),
        ("version", "newest"),
        ("version", "1.\0"),
        ("size", "0"),
        ("platform", "amiga"),
        ("released_on", "soon"),
    ],
)
def test_a_download_is_checked(signed_in: SignIn, operator: User, field: str, value: str) -> None:
    response = signed_in(operator).post("/admin/miniprograms/idedownload/add/", download(**{field: value}))

    assert (response.status_code, [*response.context["adminform"].form.errors]) == (200, [field])


def test_operators_have_no_mini_programs_to_edit(signed_in: SignIn, operator: User) -> None:
    client = signed_in(operator)

    assert client.get("/admin/miniprograms/category/").status_code == 200
    assert client.get("/admin/miniprograms/miniprogram/").status_code == 404


def test_a_category_in_use_stays(signed_in: SignIn, operator: User) -> None:
    used, unused = make_category("Used"), make_category("Unused")
    make_program(category=used)
    client = signed_in(operator)

    for category in (used, unused):
        client.post(f"/admin/miniprograms/category/{category.pk}/delete/", {"post": "yes"})

    assert [category.name for category in Category.objects.filter(name__in=["Used", "Unused"])] == ["Used"]


def test_starts_with_categories(db: None) -> None:
    """The migration's own function: a transactional test before this one may have emptied the table."""
    Category.objects.all().delete()

    import_module("miniprograms.migrations.0002_categories").add(apps, None)

    assert Category.objects.count() >= 14
    assert Category.objects.values_list("name", flat=True)[0] == "Transport"


def test_a_last_change_without_words_of_its_own_reads_as_in_the_log() -> None:
    assert in_list("team.edited", "X") == "Team edited: X"
