"""Published versions: each stays readable, and what it changed can be seen (S-2)."""

import pytest

from miniprograms.privacy.comparison import Change
from tests import factories
from tests.miniprograms.privacy.writing import publish, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def versions(program, holder):
    return [
        publish(program, holder, text_en="One\n\nTwo", third_parties=[["Maps", "tiles", ""]]),
        publish(program, holder, text_en="One\n\nThree", text_zh="三", retention="7 days"),
        publish(program, holder, text_en="One\n\nThree", text_zh="四", data=[["camera", "codes"]]),
    ]


def test_old_versions_stay_readable(signed_in, program, holder, versions):
    client = signed_in(holder)
    pages = [client.get(url(program, "version", number)) for number in (1, 2, 3)]
    assert [page.context["is_online"] for page in pages] == [False, False, True]
    assert "<p>Two</p>" in pages[0].content.decode()
    assert "<p>Three</p>" in pages[1].content.decode()


@pytest.mark.parametrize(("query", "text"), [("", "<p>One</p>"), ("?lang=zh", "<p>三</p>"), ("?lang=fr", "<p>One</p>")])
def test_in_each_language(signed_in, program, holder, versions, query, text):
    assert text in signed_in(holder).get(url(program, "version", 2) + query).content.decode()


def test_the_facts_that_changed(signed_in, program, holder, versions):
    client = signed_in(holder)
    assert client.get(url(program, "changes", 2)).context["facts"] == [
        Change("Third party", "Maps", "tiles", None),
        Change("Retention", "", "30 days", "7 days"),
    ]
    facts = client.get(url(program, "changes", 3), {"with": 1}).context["facts"]
    assert [(fact.name or fact.kind, fact.move) for fact in facts] == [
        ("Location", "removed"),
        ("Camera", "added"),
        ("Maps", "removed"),
    ]


def diffs(response):
    return [
        (text.language.tag, text.diff.added, text.diff.removed, text.is_new, text.is_gone)
        for text in response.context["texts"]
    ]


def test_the_texts_that_changed(signed_in, program, holder, versions):
    client = signed_in(holder)
    second, third = (client.get(url(program, "changes", number)) for number in (2, 3))
    assert diffs(second) == [("en", 1, 1, False, False), ("zh", 1, 0, True, False)]
    assert diffs(third) == [("en", 0, 0, False, False), ("zh", 1, 1, False, False)]
    assert "No differences." in third.content.decode()


def test_an_older_one_with_a_newer_one_reads_forwards(signed_in, program, holder, versions):
    context = signed_in(holder).get(url(program, "changes", 1), {"with": 3}).context
    assert (context["old"], context["new"], context["numbers"]) == (versions[0], versions[2], [3, 2])


def test_the_first_is_all_new(signed_in, program, holder, versions):
    response = signed_in(holder).get(url(program, "changes", 1))
    assert (response.context["old"], diffs(response)) == (None, [("en", 3, 0, True, False)])
    assert {fact.move for fact in response.context["facts"]} == {"added"}


@pytest.mark.parametrize("other", ["2", "9", "x", "", "-1", "\0", "9" * 5000, "²"])
def test_a_version_that_does_not_exist_is_not_there(signed_in, program, holder, versions, other):
    assert signed_in(holder).get(url(program, "changes", 2), {"with": other}).status_code == 404


@pytest.mark.parametrize("page", ["version", "changes"])
@pytest.mark.parametrize("number", [0, 4, 10**20])
def test_an_unknown_number_is_not_there(signed_in, program, holder, versions, page, number):
    assert signed_in(holder).get(url(program, page, number)).status_code == 404


@pytest.mark.parametrize("page", ["version", "changes"])
def test_who_may_read(signed_in, team, program, versions, page):
    viewer, stranger = factories.make_member(team, "viewer"), factories.make_member(factories.make_team(), "admin")
    statuses = [signed_in(person).get(url(program, page, 1)).status_code for person in (viewer, stranger)]
    assert statuses == [200, 404]


@pytest.mark.parametrize("page", ["version", "changes"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_refuses_other_methods(signed_in, program, holder, versions, page, method):
    assert getattr(signed_in(holder), method)(url(program, page, 1)).status_code == 405


def test_hostile_text_stays_text(signed_in, program, holder):
    hostile = "<script>alert(1)</script>\n\n[x](javascript:alert(1))"
    publish(program, holder, text_en=hostile, retention="<script>alert(2)</script>")
    publish(program, holder, text_en=f"{hostile}\n\nmore", retention="<script>alert(3)</script>")
    client = signed_in(holder)
    for page in (url(program, "version", 2), url(program, "changes", 2), url(program, "public_version", 2)):
        shown = client.get(page).content.decode()
        assert "alert(" in shown
        assert ("<script>alert" in shown, 'href="javascript' in shown) == (False, False)
