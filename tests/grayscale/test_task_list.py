"""The page of a program's tasks (G-10)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.base.hosts.models import HostApplication
from grayscale.diagram import moves, pictures
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState
from tests import factories

pytestmark = pytest.mark.django_db


def address(program):
    return reverse("grayscale:tasks", args=[program.app_id])


@pytest.fixture
def one_of_each(version):
    """A task in each state, oldest first."""
    return {state: factories.make_task(version, state=state) for state in TaskState.values}


def shown(client, program, **query):
    return [row.task for row in client.get(address(program), query).context["rows"]]


def test_newest_first_with_tabs_and_counts(signed_in, version, by, one_of_each):
    client, program = signed_in(by), version.mini_program
    page = client.get(address(program))
    assert [row.task for row in page.context["rows"]] == [*one_of_each.values()][::-1]
    assert page.context["filter"].counts == {"": 4, "delivering": 1, "pending": 1, "suspended": 1, "ended": 1}
    for state, task in one_of_each.items():
        assert shown(client, program, show=state) == [task]


def test_the_file_has_names_as_they_are(signed_in, version, by):
    task = factories.make_task(version)
    row = task.applications.get()
    HostApplication.objects.filter(pk=row.application_id).update(name="Bus & <Tram>")
    file = signed_in(by).get(address(version.mini_program), {"format": "csv"}).getvalue().decode()
    assert "Bus & <Tram>" in file


def test_the_clock_counts_not_what_is_written(signed_in, version, by):
    task = factories.make_task(version, state="pending")
    now = timezone.now()
    rows = GrayscaleTask.objects.filter(pk=task.pk)
    client, program = signed_in(by), version.mini_program
    rows.update(starts_at=now - timedelta(minutes=2))
    assert shown(client, program, show="delivering") == [task]
    assert shown(client, program, show="pending") == []
    rows.update(ends_at=now - timedelta(minutes=1))
    page = client.get(address(program), {"show": "ended"})
    assert [(row.task, row.state, row.note) for row in page.context["rows"]] == [(task, "ended", "end time reached")]


@pytest.mark.parametrize(
    ("words", "found"),
    [("night", ["Night lines"]), ("1.1", ["Night lines", "Routes"]), ("1.1.0", ["Night lines", "Routes"]), ("2.0", [])],
)
def test_search_by_name_and_version(signed_in, version, by, words, found):
    for name in ("Routes", "Night lines"):
        factories.make_task(version, name=name)
    tasks = shown(signed_in(by), version.mini_program, q=words)
    assert [task.name for task in tasks] == found


def test_delivered_percent_and_limit(signed_in, version, by):
    task = factories.make_task(version, user_limit=3)
    client, program = signed_in(by), version.mini_program

    def row():
        return client.get(address(program)).context["rows"][0]

    assert (row().figures, row().percent, row().limit_reached) == (("0", "3"), 0, False)
    for _device in range(2):
        factories.make_claim(task)
    assert (row().delivered, row().percent, row().limit_reached) == (2, 67, False)
    factories.make_claim(task)
    assert (row().delivered, row().percent, row().limit_reached) == (3, 100, True)
    assert "limit reached" in client.get(address(program)).content.decode()


def test_only_a_full_task_shows_a_hundred_percent(signed_in, version, by):
    task = factories.make_task(version, user_limit=400)
    for _device in range(399):
        factories.make_claim(task)
    assert signed_in(by).get(address(version.mini_program)).context["rows"][0].percent == 99


VERBS = {
    "pending": (["edit", "end"], ["start", "copy"]),
    "delivering": (["suspend", "end"], ["edit", "copy"]),
    "suspended": (["resume", "end"], ["edit", "copy"]),
    "ended": (["copy"], []),
}


@pytest.mark.parametrize("state", TaskState.values)
def test_actions_of_each_state(signed_in, version, by, state):
    task = factories.make_task(version, state=state)
    client = signed_in(by)
    page = client.get(address(version.mini_program))
    (row,) = page.context["rows"]
    urls = [
        [reverse(f"grayscale:{verb}", args=[version.mini_program.app_id, task.pk]) for verb in verbs]
        for verbs in VERBS[state]
    ]
    assert [[action.url for action in row.actions], [action.url for action in row.more]] == urls
    for url in (*urls[0], *urls[1]):
        assert f'href="{url}"' in page.content.decode()
        assert client.get(url).status_code == 200


def test_who_may_not_sees_whom_to_ask(signed_in, version, one_of_each):
    viewer = factories.make_member(version.mini_program.team, "viewer")
    page = signed_in(viewer).get(address(version.mini_program))
    text = page.content.decode()
    assert page.context["why_not_create"].startswith("Only team administrators")
    assert page.context["why_not_create"] not in text
    assert "Team administrators and license holders of" in text
    assert "/suspend/" not in text
    assert "/new/" not in text


def test_off_the_shelf_resuming_waits(signed_in, version, by):
    factories.make_task(version, state="suspended")
    program = version.mini_program
    type(program).objects.filter(pk=program.pk).update(shelf="off")
    page = signed_in(by).get(address(program))
    (row,) = page.context["rows"]
    assert row.actions[0].reason == page.context["why_not_create"]
    assert "/resume/" not in page.content.decode()


def test_first_use_says_what_is_missing(signed_in):
    program = factories.make_program()
    client = signed_in(program.created_by)

    def page():
        return client.get(address(program))

    assert page().context["why_not_create"] == "A grayscale release needs an online version. Publish one first."
    assert "Publish a first version" in page().content.decode()
    factories.make_online(program, "1.0.0")
    assert page().context["why_not_create"].startswith("No version is ready for grayscale")
    factories.make_approved(program, "1.1.0")
    assert page().context["why_not_create"] == ""
    assert page().content.decode().count(reverse("grayscale:create", args=[program.app_id])) == 2
    factories.make_task(program.versions.approved().get())
    assert "Publish a first version" not in page().content.decode()


def test_leads_to_the_explanation_of_a_device(signed_in, version, by):
    url = reverse("grayscale:explain", args=[version.mini_program.app_id])
    assert f'href="{url}"' in signed_in(by).get(address(version.mini_program)).content.decode()


def test_no_match_is_not_a_first_use(signed_in, version, by, task):
    text = signed_in(by).get(address(version.mini_program), {"q": "nothing like it"}).content.decode()
    assert "No matching tasks" in text
    assert "Publish a first version" not in text


def full_task(version, count):
    """Tasks with every kind of condition."""
    program = version.mini_program
    for _number in range(count):
        lists = [factories.make_object_list(program, kind) for kind in ("account", "device_id")]
        factories.make_task(version, object_lists=lists, platforms=[("ios", "16", "")], networks=["wifi"])


def test_queries_stay_the_same(signed_in, version, by):
    client, counts = signed_in(by), []
    for more in (1, 2):
        full_task(version, more)
        client.get(address(version.mini_program))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address(version.mini_program))
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]


def test_the_hashes_of_lists_are_not_read(signed_in, version, by):
    full_task(version, 1)
    with CaptureQueriesContext(connection) as queries:
        signed_in(by).get(address(version.mini_program))
    assert not any('"hashes"' in query["sql"] for query in queries)


def test_the_diagram_is_drawn_from_the_model():
    drawn = {(source, target) for source, target, _label in moves()}
    assert drawn == {
        ("pending", "delivering"), ("delivering", "suspended"), ("suspended", "delivering"),
        ("pending", "ended"), ("delivering", "ended"), ("suspended", "ended"),
    }  # fmt: skip
    for picture in pictures():
        assert len(picture.nodes) == 4
        assert len(picture.arrows) == len(drawn)
        assert [arrow.label for arrow in picture.arrows if arrow.label] == [
            "start time or manually", "suspend", "end time, manually or published", "resume",
        ]  # fmt: skip
        for node in picture.nodes:
            assert 0 <= node.x <= picture.width - node.width
            assert 0 <= node.y <= picture.height - node.height


def test_another_transition_changes_the_diagram():
    more = [*moves(), ("delivering", "pending", "postpone"), ("pending", "suspended", "hold")]
    for before, after in zip(pictures(), pictures(more), strict=True):
        assert len(after.arrows) == len(before.arrows) + 2
        assert {"postpone", "hold"} <= {arrow.label for arrow in after.arrows}
        assert "Pending → Suspended: hold" in after.words


def test_the_lists_of_mini_programs_and_the_details_say_so(signed_in, version, by):
    client, program = signed_in(by), version.mini_program
    places = [(reverse("miniprograms:list"), "In grayscale"), (program.get_absolute_url(), "1.1.0 in grayscale")]
    for url, words in places:
        assert words not in client.get(url).content.decode()
    factories.make_task(version)
    for url, words in places:
        assert words in client.get(url).content.decode()


def test_home_shows_what_runs_in_my_teams(signed_in, version, by, one_of_each):
    runs = {one_of_each["delivering"], one_of_each["suspended"]}
    assert {row.task for row in signed_in(by).get(reverse("home")).context["running"]} == runs
    stranger = factories.make_member(factories.make_team(), "admin")
    assert signed_in(stranger).get(reverse("home")).context["running"] == []


def test_an_approved_version_leads_to_a_new_task(signed_in, version, by):
    client = signed_in(by)
    url = f"{reverse('grayscale:create', args=[version.mini_program.app_id])}?version=1.1.0"
    pages = [reverse("releases:versions", args=[version.mini_program.app_id]), version.get_absolute_url()]
    for page in pages:
        assert f'href="{url}"' in client.get(page).content.decode()
    assert client.get(url).context["form"]["version"].value() == version.pk
