"""Saved queries of the log page: a person's own or shared in the team, and nothing but criteria (D-6, D-8)."""

import re

import pytest
from django.urls import reverse

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from devmgmt import actions
from devmgmt.models import SavedQuery
from devmgmt.states import MOST_SAVED_QUERIES, MOST_SHARED_QUERIES
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(db):
    return factories.make_program()


@pytest.fixture
def person(program):
    return factories.make_member(program.team, "viewer")


@pytest.fixture
def viewer(person, signed_in):
    return signed_in(person)


def save_url(program, query=""):
    return f"{reverse('devmgmt:save_query', args=[program.app_id])}?{query}"


def test_criteria_are_kept_as_they_stand_in_the_url(viewer, program, person):
    query = "time=6h&level=error&page=pages%2Fstop%2F&before=1_1&evil=javascript&csrfmiddlewaretoken=x"
    response = viewer.post(save_url(program, query), {"name": "  Stop   errors ", "shared": "me"})
    saved = SavedQuery.objects.get()
    assert (saved.user, saved.mini_program, saved.name) == (person, program, "Stop errors")
    assert saved.query == "time=6h&level=error&page=pages%2Fstop%2F"
    assert response.url == f"{reverse('devmgmt:logs', args=[program.app_id])}?{saved.query}"
    page = viewer.get(response.url).content.decode()
    assert "Stop errors" in page
    assert 'href="?time=6h&amp;level=error&amp;page=pages%2Fstop%2F"' in page


def test_the_form_says_which_criteria_are_saved(viewer, program):
    query = "time=6h&level=error&system=ios&page=pages%2Fstop%2F&error=late"
    for headers in ({}, {"HX-Request": "true", "HX-Target": "dialog"}):
        page = viewer.get(save_url(program, query), headers=headers).content.decode()
        shown = re.findall(r'<span class="log-chip"><span>([^<]+): </span> <bdi>([^<]+)</bdi>', page)
        assert shown == [
            ("Time", "Last 6 hours"), ("Level", "Error and above"), ("System", "iOS"), ("Page link", "pages/stop/"),
            ("Error", "late"),
        ]  # fmt: skip


def test_an_undo_that_is_too_late_says_so(viewer, program):
    answer = viewer.post(save_url(program, "time=nonsense"), {"name": "Stop errors", "shared": "me"}, follow=True)
    assert "Not saved. These search criteria are no longer valid." in answer.content.decode()
    assert not SavedQuery.objects.exists()


def test_a_name_is_used_once_by_a_person_for_a_program(viewer, program, person):
    actions.save_query(program, name="Mine", query="level=warn", by=person)
    actions.save_query(program, name="Theirs", query="", by=factories.make_user())
    response = viewer.post(save_url(program), {"name": "Mine", "shared": "me"})
    assert response.status_code == 422
    assert "name" in response.context["form"].errors
    assert viewer.post(save_url(program), {"name": "Theirs", "shared": "me"}).status_code == 302
    other = factories.make_program(program.team)
    assert viewer.post(save_url(other), {"name": "Mine", "shared": "me"}).status_code == 302


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "nul\0", "\u202e"])
def test_a_bad_name_is_refused_beside_its_field(viewer, program, name):
    response = viewer.post(save_url(program), {"name": name, "shared": "me"})
    assert response.status_code == 422
    assert "name" in response.context["form"].errors
    assert not SavedQuery.objects.exists()


def test_there_is_a_most_of_them(viewer, program, person):
    for number in range(MOST_SAVED_QUERIES):
        actions.save_query(program, name=f"Query {number}", query="", by=person)
    response = viewer.post(save_url(program), {"name": "One more", "shared": "me"})
    assert response.status_code == 422
    assert "Delete one first" in response.content.decode()


def test_criteria_that_are_wrong_or_too_long_are_not_saved(viewer, program):
    assert viewer.post(save_url(program, "guid=1"), {"name": "Wrong", "shared": "me"}).status_code == 302
    long = "filter=" + "%E6%B1%89" * 1000
    assert viewer.post(save_url(program, long), {"name": "Long", "shared": "me"}).status_code == 422
    assert not SavedQuery.objects.exists()


def test_another_persons_query_is_not_found(viewer, program):
    theirs = actions.save_query(
        program, name="Theirs", query="level=warn", by=factories.make_member(program.team, "admin")
    )
    url = reverse("devmgmt:delete_query", args=[program.app_id, theirs.pk])
    assert viewer.get(url).status_code == viewer.post(url).status_code == 404
    assert SavedQuery.objects.exists()
    assert "Theirs" not in viewer.get(reverse("devmgmt:logs", args=[program.app_id])).content.decode()


def test_a_query_is_deleted_after_a_question(viewer, program, person):
    mine = actions.save_query(program, name="Mine", query="level=warn", by=person)
    url = reverse("devmgmt:delete_query", args=[program.app_id, mine.pk])
    assert "Delete “Mine”?" in viewer.get(url).content.decode()
    assert SavedQuery.objects.exists()
    assert viewer.post(url).status_code == 302
    assert not SavedQuery.objects.exists()


# Shared in the team -----------------------------------------------------------------------------------------------


def change_urls(saved):
    return [
        reverse(f"devmgmt:{name}", args=[saved.mini_program.app_id, saved.pk])
        for name in ("edit_query", "delete_query")
    ]


def told(program):
    rows = ActivityEntry.objects.of_program(program.app_id).filter(verb__startswith="query.").order_by("id")
    return [(row.verb, row.actor_label, row.before, row.after) for row in rows]


def test_a_query_is_shared_in_the_team_or_kept_for_oneself(viewer, program, person, signed_in):
    colleague = signed_in(factories.make_member(program.team, "viewer"))
    stranger = signed_in(factories.make_member(factories.make_team(), "admin"))
    page = reverse("devmgmt:logs", args=[program.app_id])
    viewer.post(save_url(program, "level=warn"), {"name": "Only mine", "shared": "me"})
    viewer.post(save_url(program, "level=error"), {"name": "For all", "shared": "team"})
    assert dict(SavedQuery.objects.values_list("name", "is_shared")) == {"Only mine": False, "For all": True}
    seen = colleague.get(page).content.decode()
    assert ("For all" in seen, "Only mine" in seen) == (True, False)
    assert 'href="?level=error"' in seen
    assert stranger.get(page).status_code == 404
    assert told(program) == [("query.shared", str(person), None, {"name": "For all"})]


def test_its_author_or_a_team_administrator_changes_a_shared_query(viewer, program, person, signed_in):
    saved = actions.save_query(program, name="Stops", query="level=warn", by=person, is_shared=True)
    edit, delete = change_urls(saved)
    colleague = signed_in(factories.make_member(program.team, "license_holder"))
    assert {colleague.get(url).status_code for url in (edit, delete)} == {403}
    assert {colleague.post(url, {"name": "Theirs", "shared": "me"}).status_code for url in (edit, delete)} == {403}
    assert edit not in colleague.get(reverse("devmgmt:logs", args=[program.app_id])).content.decode()
    stranger = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert {stranger.post(url, {"name": "Theirs", "shared": "me"}).status_code for url in (edit, delete)} == {404}

    boss = factories.make_member(program.team, "admin")
    administrator = signed_in(boss)
    assert "shared" not in administrator.get(edit).context["form"].fields
    assert administrator.post(edit, {"name": "Stop errors"}).status_code == 302
    saved.refresh_from_db()
    assert (saved.name, saved.is_shared, saved.user) == ("Stop errors", True, person)
    assert viewer.post(edit, {"name": "Stop errors", "shared": "me"}).status_code == 302
    assert {administrator.post(url, {"name": "Theirs", "shared": "me"}).status_code for url in (edit, delete)} == {404}
    assert viewer.post(edit, {"name": "Stop errors", "shared": "team"}).status_code == 302
    assert administrator.post(delete).status_code == 302
    assert not SavedQuery.objects.exists()
    assert told(program) == [
        ("query.shared", str(person), None, {"name": "Stops"}),
        ("query.changed", str(boss), {"name": "Stops"}, {"name": "Stop errors"}),
        ("query.unshared", str(person), {"name": "Stop errors"}, None),
        ("query.shared", str(person), None, {"name": "Stop errors"}),
        ("query.unshared", str(boss), {"name": "Stop errors"}, None),
    ]


def test_a_saved_query_takes_the_criteria_of_the_page(viewer, program, person):
    saved = actions.save_query(program, name="Stops", query="level=warn", by=person, is_shared=True)
    edit = change_urls(saved)[0]
    assert "replace" not in viewer.get(edit).context["form"].fields
    assert "replace" not in viewer.get(f"{edit}?level=warn").context["form"].fields
    form = {"name": "Stops", "shared": "team"}
    assert viewer.post(f"{edit}?level=error", form).status_code == 302
    assert SavedQuery.objects.get().query == "level=warn"
    response = viewer.post(f"{edit}?level=error&evil=1", form | {"replace": "on"})
    assert response.url.endswith("?level=error")
    assert SavedQuery.objects.get().query == "level=error"
    assert told(program)[1:] == [("query.changed", str(person), {"query": "level=warn"}, {"query": "level=error"})]
    long = "filter=" + "%E6%B1%89" * 1000
    assert viewer.post(f"{edit}?{long}", form | {"replace": "on"}).status_code == 422
    page = viewer.get(f"{reverse('devmgmt:logs', args=[program.app_id])}?level=info&page=a%22b").content.decode()
    assert f'href="{edit}?level=info&amp;page=a%22b"' in page


def test_a_name_is_used_once_by_a_team_for_a_program(viewer, program):
    theirs = factories.make_member(program.team, "developer")
    actions.save_query(program, name="Stops", query="", by=theirs, is_shared=True)
    response = viewer.post(save_url(program), {"name": "Stops", "shared": "team"})
    assert response.status_code == 422
    assert response.context["form"].errors["name"] == ["The team already has a query with this name."]
    assert viewer.post(save_url(program), {"name": "Stops", "shared": "me"}).status_code == 302
    mine = SavedQuery.objects.get(is_shared=False)
    response = viewer.post(change_urls(mine)[0], {"name": "Stops", "shared": "team"})
    assert "name" in response.context["form"].errors


def test_there_is_a_most_of_what_a_team_shares(viewer, program, person):
    others = factories.make_member(program.team, "developer")
    SavedQuery.objects.bulk_create(
        SavedQuery(mini_program=program, user=others, name=f"Query {number}", query="", is_shared=True)
        for number in range(MOST_SHARED_QUERIES)
    )
    response = viewer.post(save_url(program), {"name": "One more", "shared": "team"})
    assert "shared" in response.context["form"].errors
    assert viewer.post(save_url(program), {"name": "One more", "shared": "me"}).status_code == 302


def test_what_became_somebody_else_s_alone_meanwhile_is_not_changed(program, person):
    saved = actions.save_query(program, name="Stops", query="", by=person, is_shared=True)
    actions.change_query(saved, name="Stops", is_shared=False, by=person)
    boss = factories.make_member(program.team, "admin")
    with pytest.raises(ActionRefused):
        actions.change_query(saved, name="Theirs", is_shared=True, by=boss)
    actions.delete_query(saved, by=boss)
    assert SavedQuery.objects.get().name == "Stops"
