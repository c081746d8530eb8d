"""The trial version (V-14): setting and changing it, by the verb and on its form."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.urls import reverse

from console.base.activity.events import in_list
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from releases.actions import trial as verbs
from releases.models import TrialVersion
from tests import factories

pytestmark = pytest.mark.django_db
INDEX, ABOUT = "pages/index/index", "pages/about/about"


@pytest.fixture
def program():
    program = factories.make_program(name="City Bus")
    factories.make_version(program, "1.0.0")
    factories.make_version(program, "1.1.0", **{"pages/new/new.js": "Page({})", "pages/new/new.wxml": "<view/>"})
    return program


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


def version(program, number):
    return program.versions.numbered(number).get()


def url(program, page="set_trial"):
    return reverse(f"releases:{page}", args=[program.app_id])


def set_trial(program, number="1.0.0", page=INDEX, **fields):
    seen = TrialVersion.objects.filter(mini_program=program).values_list("set_at", flat=True).first()
    fields = {"seen": seen, "by": program.created_by, **fields}
    return verbs.set_trial(program, version=version(program, number), page=page, **fields)


def entries():
    return [(entry.verb, entry.before, entry.after) for entry in ActivityEntry.objects.filter(verb__startswith="trial")]


def test_the_first_one(program, developer):
    trial = set_trial(program, query="line=12", by=developer)
    assert (trial.version.number, trial.page, trial.query, trial.set_by) == ("1.0.0", INDEX, "line=12", developer)
    assert len(trial.token) == 43
    entry = ActivityEntry.objects.first()
    after = {"version": "1.0.0", "page": INDEX, "query": "line=12"}
    assert (entry.verb, entry.before, entry.after) == ("trial.set", None, after)
    assert (entry.target_label, entry.mini_program_id) == ("City Bus 1.0.0", program.app_id)
    program.refresh_from_db()
    assert in_list(program.last_change, program.last_change_label) == "Trial version 1.0.0 set"


def test_a_change_keeps_the_token(program):
    first = set_trial(program)
    second = set_trial(program, "1.1.0", ABOUT, query="a=1")
    assert (second.pk, second.token, second.version.number) == (first.pk, first.token, "1.1.0")
    assert second.set_at > first.set_at
    assert entries()[0] == (
        "trial.set",
        {"version": "1.0.0", "page": INDEX, "query": ""},
        {"version": "1.1.0", "page": ABOUT, "query": "a=1"},
    )


def test_the_same_again_changes_nothing(program):
    first = set_trial(program)
    again = set_trial(program)
    assert (again.set_at, len(entries())) == (first.set_at, 1)


def test_the_token_is_in_no_entry(program):
    token = set_trial(program).token
    set_trial(program, "1.1.0")
    verbs.cancel_trial(program, by=program.created_by)
    for entry in ActivityEntry.objects.values():
        assert token not in str(entry)


@pytest.mark.parametrize("state", ["development", "in_audit", "rejected", "approved", "online"])
def test_any_stored_version_will_do(state):
    program = factories.make_program()
    make = {
        "development": factories.make_version,
        "approved": factories.make_approved,
        "online": factories.make_online,
    }.get(state, lambda program: factories.make_audit(program).version)
    made = make(program)
    if state == "rejected":
        made.reject()
        made.save()
    assert set_trial(program, made.number).version.state == state


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("", "Choose the opening page."),
        ("/pages/index/index", "Remove the leading slash: pages/index/index."),
        ("//example.com", "Enter the path of a page in the package, not a URL: pages/index/index."),
        ("http://example.com/", "Enter the path of a page in the package, not a URL: pages/index/index."),
        ("pages/index/index?a=1", "Enter the part after “?” in the query field."),
        ("pages/none/none", "1.0.0 has no page pages/none/none. Choose one of its pages."),
        ("pages/index/index.js", "1.0.0 has no page pages/index/index.js. Choose one of its pages."),
        ("../index/index", "1.0.0 has no page ../index/index. Choose one of its pages."),
    ],
)
def test_what_is_no_page(signed_in, program, developer, page, words):
    with pytest.raises(ActionRefused) as refused:
        set_trial(program, page=page)
    assert (refused.value.message, refused.value.field) == (words, "page")
    response = signed_in(developer).post(url(program), {"version": "1.0.0", "page": page})
    assert (response.status_code, response.context["form"].errors) == (422, {"page": [words]})
    assert TrialVersion.objects.count() == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?a=1", "Remove the “?”: line=12&stop=harbour."),
        ("a=1#top", "A query can’t contain “#”. Use %23 instead."),
        ("a=1 2", "A query can’t contain spaces or invisible characters. Use %20 for a space."),
        ("a=1\n", "A query can’t contain spaces or invisible characters. Use %20 for a space."),
        ("a=\u202e1", "A query can’t contain spaces or invisible characters. Use %20 for a space."),
        ("a=%2", "A percent sign must be followed by two digits or letters from A to F: %20 is a space."),
        ("a=1&&b=2", "Separate parameters with “&”: line=12&stop=harbour."),
        ("=1", "Separate parameters with “&”: line=12&stop=harbour."),
    ],
)
def test_what_is_no_query(signed_in, program, developer, query, words):
    with pytest.raises(ActionRefused) as refused:
        set_trial(program, query=query)
    assert (refused.value.message, refused.value.field) == (words, "query")
    response = signed_in(developer).post(url(program), {"version": "1.0.0", "page": INDEX, "query": query})
    assert (response.status_code, response.context["form"].errors) == (422, {"query": [words]})
    assert response.context["form"]["query"].value() == query


@pytest.mark.parametrize(
    "query", ["", "a", "a=", "a=1&b=2", "scene=a%3D1", "url=/x/y:z@8", "城市=上海", "a=" + "x" * 498]
)
def test_what_is_a_query(program, query):
    assert set_trial(program, query=query).query == query


def test_a_query_that_is_too_long(signed_in, program, developer):
    with pytest.raises(ActionRefused, match="A query can have up to 500 characters"):
        set_trial(program, query="a=" + "x" * 499)
    response = signed_in(developer).post(url(program), {"version": "1.0.0", "page": INDEX, "query": "a" * 501})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["query"])


@pytest.mark.parametrize("number", ["", "9.9.9", "01.0.0", "1.0", "x", "1.0.0\0", "²"])
def test_what_is_no_version(signed_in, program, developer, number):
    other = factories.make_program()
    factories.make_version(other, "9.9.9")
    response = signed_in(developer).post(url(program), {"version": number, "page": INDEX})
    assert (response.status_code, next(iter(response.context["form"].errors))) == (422, "version")
    assert TrialVersion.objects.count() == 0


def test_someone_else_was_first(signed_in, program, developer):
    client = signed_in(developer)
    form = client.get(url(program)).context["form"]
    mira = factories.make_user("Mira Hoffmann")
    set_trial(program, "1.1.0", ABOUT, by=mira)
    typed = {"version": "1.0.0", "page": ABOUT, "query": "a=1", "seen": form["seen"].value()}
    refused = client.post(url(program), typed)
    assert refused.status_code == 422
    assert "Mira Hoffmann set the trial version to 1.1.0." in refused.content.decode()
    shown = refused.context["form"]
    assert [shown[name].value() for name in ("version", "page", "query")] == ["1.0.0", ABOUT, "a=1"]
    again = client.post(url(program), {**typed, "seen": shown["seen"].value()})
    assert (again.status_code, again["Location"]) == (302, url(program, "trial"))
    assert TrialVersion.objects.get().version.number == "1.0.0"


def test_it_was_cancelled_meanwhile(signed_in, program, developer):
    token = set_trial(program).token
    client = signed_in(developer)
    seen = client.get(url(program)).context["form"]["seen"].value()
    verbs.cancel_trial(program, by=program.created_by)
    refused = client.post(url(program), {"version": "1.1.0", "page": INDEX, "seen": seen})
    assert refused.status_code == 422
    assert "The trial was cancelled. Save again to start a new one with a new QR code." in refused.content.decode()
    again = {"version": "1.1.0", "page": INDEX, "seen": refused.context["form"]["seen"].value()}
    assert client.post(url(program), again).status_code == 302
    assert TrialVersion.objects.get().token != token


@pytest.mark.django_db(transaction=True)
def test_two_at_once():
    program = factories.make_program()
    for number in ("1.0.0", "1.1.0"):
        factories.make_version(program, number)

    def attempt(number):
        try:
            verbs.set_trial(program, version=version(program, number), page=INDEX, seen=None, by=program.created_by)
        except Conflict:
            return "overtaken"
        finally:
            connection.close()
        return "set"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(attempt, ("1.0.0", "1.1.0"))) == ["overtaken", "set"]
    assert (TrialVersion.objects.count(), len(entries())) == (1, 1)
