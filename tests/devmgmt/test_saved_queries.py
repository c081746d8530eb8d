"""Saved queries of the log page: personal, and nothing but criteria (D-6)."""

import pytest
from django.urls import reverse

from devmgmt import actions
from devmgmt.models import SavedQuery
from devmgmt.states import MOST_SAVED_QUERIES
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
    response = viewer.post(save_url(program, query), {"name": "  Stop   errors "})
    saved = SavedQuery.objects.get()
    assert (saved.user, saved.mini_program, saved.name) == (person, program, "Stop errors")
    assert saved.query == "time=6h&level=error&page=pages%2Fstop%2F"
    assert response.url == f"{reverse('devmgmt:logs', args=[program.app_id])}?{saved.query}"
    page = viewer.get(response.url).content.decode()
    assert "Stop errors" in page
    assert 'href="?time=6h&amp;level=error&amp;page=pages%2Fstop%2F"' in page


def test_a_name_is_used_once_by_a_person_for_a_program(viewer, program, person):
    actions.save_query(program, name="Mine", query="level=warn", by=person)
    actions.save_query(program, name="Theirs", query="", by=factories.make_user())
    response = viewer.post(save_url(program), {"name": "Mine"})
    assert response.status_code == 422
    assert "name" in response.context["form"].errors
    assert viewer.post(save_url(program), {"name": "Theirs"}).status_code == 302
    other = factories.make_program(program.team)
    assert viewer.post(save_url(other), {"name": "Mine"}).status_code == 302


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "nul\0", "\u202e"])
def test_a_bad_name_is_refused_beside_its_field(viewer, program, name):
    response = viewer.post(save_url(program), {"name": name})
    assert response.status_code == 422
    assert "name" in response.context["form"].errors
    assert not SavedQuery.objects.exists()


def test_there_is_a_most_of_them(viewer, program, person):
    for number in range(MOST_SAVED_QUERIES):
        actions.save_query(program, name=f"Query {number}", query="", by=person)
    response = viewer.post(save_url(program), {"name": "One more"})
    assert response.status_code == 422
    assert "Delete one first" in response.content.decode()


def test_criteria_that_are_wrong_or_too_long_are_not_saved(viewer, program):
    assert viewer.post(save_url(program, "guid=1"), {"name": "Wrong"}).status_code == 302
    long = "filter=" + "%E6%B1%89" * 1000
    assert viewer.post(save_url(program, long), {"name": "Long"}).status_code == 422
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
