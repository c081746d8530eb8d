"""What the search field and the palette find (P-1: only what the person may see)."""

import pytest
from django.urls import reverse

from console.home.named_pages import pages_of_named
from console.home.search import cleaned
from devmgmt.actions import save_query
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def task():
    version = factories.make_candidate(name="城市公交")
    program = version.mini_program
    application = program.bindings.get().application
    type(application).objects.filter(pk=application.pk).update(team=program.team)
    factories.make_api(application, "wx.findme")
    factories.make_domain(program, "findme.example.com")
    factories.join(program.team, factories.make_user(name="Findme Lee"), "developer")
    return factories.make_task(version, name="Findme first")


def groups_of(client, words, *, here="/", part="palette-hits", **more):
    headers = {"HX-Request": "true", "HX-Target": part, "HX-Current-URL": f"http://testserver{here}"}
    page = client.get(reverse("search"), {"q": words, **more}, headers=headers)
    assert page.status_code == 200
    groups = page.context["groups"] if page.context else []  # a part without a hit draws no other template
    return {str(group.label): [hit.label for hit in group.hits] for group in groups}


def test_finds_every_kind_by_a_part_of_its_name(signed_in, task):
    groups = groups_of(signed_in(task.created_by), "findme")
    assert groups == {
        "Grayscale tasks": ["Findme first"],
        "People": ["Findme Lee"],
        "APIs": ["wx.findme"],
        "Server domains": ["https://findme.example.com"],
    }


def test_finds_nothing_of_another_team(signed_in, task):
    stranger = factories.make_member(factories.make_team(), "admin")
    for words in ("findme", "城市", task.mini_program.app_id, "1.1.0", "gongjiao"):
        assert groups_of(signed_in(stranger), words) == {}


@pytest.mark.parametrize("typed", ["城市", "chengshi", "csgj", "ＣＳＧＪ", " cheng shi "])
def test_chinese_names_are_found_by_pinyin(signed_in, task, typed):
    assert groups_of(signed_in(task.created_by), typed)["Mini programs"] == ["城市公交"]


def test_words_are_read_as_they_are_meant():
    assert cleaned("  Ｃｉｔｙ\0  Bus ") == "City Bus"
    assert len(cleaned("x" * 500)) == 100


def test_a_program_s_page_offers_what_may_be_begun_there(signed_in, task):
    program = task.mini_program
    here = reverse("releases:versions", args=[program.app_id])
    manager = groups_of(signed_in(task.created_by), "", here=here, part="palette")
    assert manager["In 城市公交"][:2] == ["New version", "New grayscale task"]
    assert "Versions" in manager["Go to"]
    viewer = groups_of(signed_in(factories.make_member(program.team, "viewer")), "new", here=here)
    assert viewer == {}
    stranger = groups_of(signed_in(factories.make_user()), "new", here=here)
    assert stranger == {}


def test_the_palette_is_limited_to_the_program_of_the_page(signed_in, task):
    program, user = task.mini_program, task.created_by
    factories.make_task(factories.make_candidate(), name="Findme second")
    other = factories.make_program(program.team, name="Findme Ferry")
    save_query(program, name="Findme query", query="level=error", by=user)
    save_query(program, name="Findme of somebody", query="", by=factories.make_member(program.team, "viewer"))
    save_query(other, name="Findme elsewhere", query="", by=user)
    client, here = signed_in(user), reverse("releases:versions", args=[program.app_id])
    logs = reverse("devmgmt:logs", args=[program.app_id])
    assert groups_of(client, "findme", here=here, only="1") == {
        "Grayscale tasks": ["Findme first"],
        "Server domains": ["https://findme.example.com"],
        "Saved queries": ["Findme query"],
        "Real-time logs": ["Logs: findme"],
    }
    assert groups_of(client, "1.", here=here, only="1")["Versions"][0].startswith("城市公交 1.")
    assert "Mini programs" in groups_of(client, "findme", here=here)
    assert "Mini programs" in groups_of(client, "findme", only="1")  # not on a program's page
    guid = "0302" + "7" * 28
    page = client.get(
        reverse("search"),
        {"q": guid, "only": "1"},
        headers={"HX-Request": "true", "HX-Target": "palette-hits", "HX-Current-URL": f"http://testserver{here}"},
    )
    assert f'href="{logs}?time=24h&amp;guid={guid}"' in page.content.decode()
    empty = groups_of(client, "", here=here, part="palette", only="1")
    assert "Create mini program" not in empty["In 城市公交"]
    assert empty["Go to"][:2] == ["Details", "Versions"]
    stranger = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert groups_of(stranger, "findme", here=here, only="1") == {}


def test_pages_are_found_by_their_name(signed_in, task):
    here = reverse("releases:versions", args=[task.mini_program.app_id])
    assert groups_of(signed_in(task.created_by), "logs", here=here)["Pages"] == ["Real-time logs"]


def test_words_that_end_with_no_page_ask_for_no_program(signed_in, task, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert pages_of_named(task.created_by, "new timetable for night lines") == []


def test_pages_are_found_with_the_name_of_their_program_or_application(signed_in, task):
    program = task.mini_program
    application = factories.make_application(program.team, "City App")
    client = signed_in(task.created_by)
    assert groups_of(client, f"{program.name} audit rec")["Pages"] == [f"{program} · Audit records"]
    assert groups_of(client, f"{program.name} new ver")["Pages"] == [f"{program} · New version"]
    page = client.get(
        reverse("search"), {"q": "city app gran"}, headers={"HX-Request": "true", "HX-Target": "palette-hits"}
    )
    assert reverse("hosts:grants", args=[application.application_id]) in page.content.decode()
    # Keys are for administrators; nothing is for strangers.
    viewer = signed_in(factories.make_member(program.team, "viewer"))
    assert "Pages" not in groups_of(viewer, f"{program.name} keys")
    assert groups_of(signed_in(factories.make_user()), f"{program.name} audit rec") == {}


def test_the_keys_are_listed(signed_in):
    client = signed_in(factories.make_user())
    assert "Ctrl" in client.get(reverse("shortcuts")).content.decode()
    part = client.get(reverse("shortcuts"), headers={"HX-Request": "true", "HX-Target": "dialog"}).content.decode()
    assert "<html" not in part
    assert "<kbd>G</kbd> <kbd>H</kbd>" in part
    assert "data-keys-switch" in part
