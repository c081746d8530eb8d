"""Making, changing and copying a task through the real pages (G-1, G-2, G-7, G-8)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from grayscale import actions
from grayscale.models import GrayscaleTask
from miniprograms import actions as programs
from tests import factories
from tests.grayscale.pages import minute, typed
from tests.grayscale.test_edit import same

pytestmark = pytest.mark.django_db
TWENTY = " ".join(f"word{number}" for number in range(20))


def create_url(program):
    return reverse("grayscale:create", args=[program.app_id])


def url(task, verb):
    return reverse(f"grayscale:{verb}", args=[task.mini_program.app_id, task.pk])


@pytest.fixture
def application(version):
    """The one that the program is bound to."""
    return version.mini_program.bindings.bound().applications().get()


def test_creates_what_was_typed(signed_in, version, by, application):
    program, client = version.mini_program, signed_in(by)
    data = typed(
        version,
        **{
            f"applications_{application.pk}_lowest": "8.2.0",
            "platforms_android_lowest": "10",
            "platforms_ios_lowest": "16",
            "platforms_ios_highest": "18",
        },
    )
    response = client.post(create_url(program), data, follow=True)
    task = GrayscaleTask.objects.get()
    assert response.redirect_chain == [(reverse("grayscale:tasks", args=[program.app_id]), 302)]
    assert "created. It starts at its start time." in response.content.decode()
    assert (task.version, task.name, task.user_limit, task.networks, task.state) == (
        version,
        "New timetable, pilot group",
        5000,
        ["wifi", "5g"],
        "pending",
    )
    assert [minute(task.starts_at), minute(task.ends_at)] == [data["starts_at"], data["ends_at"]]
    assert [*task.applications.values_list("application", "lowest", "highest")] == [(application.pk, "8.2.0", "")]
    assert [*task.platforms.values_list("platform", "lowest", "highest")] == [
        ("android", "10", ""),
        ("ios", "16", "18"),
    ]


def test_the_new_form_starts_with_something_that_works(signed_in, version, by):
    client, url = signed_in(by), create_url(version.mini_program)
    form = client.get(url).context["form"]
    now = timezone.now()
    assert form["version"].value() == version.pk
    assert form["starts_at"].value() <= timezone.make_naive(now)
    assert [row.chosen for row in (*form.application_rows(), *form.platform_rows())] == [True, True, True]
    data = {name: form[name].value() for name in ("version", "user_limit", "applications", "platforms")}
    data |= {"name": "Immediately", "starts_at": minute(now), "ends_at": minute(now + timedelta(days=7))}
    assert "created. It is delivering now." in client.post(url, data, follow=True).content.decode()
    assert GrayscaleTask.objects.get().state == "delivering"


def wrong_combinations():
    """(what is changed in a form that is right, the field that is refused, words of the reason)."""
    now, high = timezone.now(), "platforms_android_highest"
    past, soon = minute(now - timedelta(hours=1)), minute(now + timedelta(days=1))
    earlier = minute(now - timedelta(days=2))
    return {
        "no version": ({"version": None}, "version", ""),
        "a version that does not exist": ({"version": 987654321}, "version", ""),
        "no name": ({"name": "  "}, "name", "Enter a task name."),
        "21 words": ({"name": f"{TWENTY} more"}, "name", "The name has 21 words."),
        "21 Han characters": ({"name": "灰" * 21}, "name", "The name has 21 words."),
        "a control character": ({"name": "New\x07 timetable"}, "name", "Remove invisible"),
        "no start": ({"starts_at": ""}, "starts_at", ""),
        "no date": ({"starts_at": "tomorrow"}, "starts_at", "Enter a date and a time."),
        "end before start": ({"ends_at": soon, "starts_at": soon}, "ends_at", "The end must be later than the start."),
        "end before now": ({"starts_at": earlier, "ends_at": past}, "ends_at", "The end must be in the future."),
        "no users": ({"user_limit": "0"}, "user_limit", "Enter 1 to 100,000,000 users."),
        "too many users": ({"user_limit": "100,000,001"}, "user_limit", "Enter 1 to 100,000,000 users."),
        "half a user": ({"user_limit": "1.5"}, "user_limit", "Enter a whole number"),
        "a comma elsewhere": ({"user_limit": "50,00"}, "user_limit", "Enter a whole number"),
        "a start in the year 1": ({"starts_at": "0001-01-01T00:00+14:00"}, "starts_at", "within 10 years"),
        "an end in the year 10000": ({"ends_at": "9999-12-31T23:59-12:00"}, "ends_at", "within 10 years"),
        "no application": ({"applications": None}, "applications", "Choose at least one host app."),
        "no such application": ({"applications": [987654321]}, "applications", "Choose from the host apps"),
        "not even a number": ({"applications": ["x"]}, "applications", "Choose from the host apps"),
        "no such platform": ({"platforms": ["palm"]}, "platforms", ""),
        "no such network": ({"networks": ["6g"]}, "networks", ""),
        "not a version": ({high: "ten"}, high, "“ten” isn’t a valid version."),
        "a version with a space": ({high: "1 0"}, high, "“1 0” isn’t a valid version."),
        "a version with an arabic digit": ({high: "١٠"}, high, "isn’t a valid version."),
        "seven numbers": ({high: "1.2.3.4.5.6.7"}, high, "A version can have at most 6 numbers."),
        "41 digits": ({high: "1" * 41}, high, "isn’t a valid version."),
        "lowest above highest": (
            {high: "9.9", "platforms_android_lowest": "9.10"},
            high,
            "The highest version, 9.9, is below the lowest, 9.10.",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("case", wrong_combinations())
def test_refuses_beside_the_field(signed_in, version, by, case):
    changes, field, reason = wrong_combinations()[case]
    data = typed(version, **changes)
    response = signed_in(by).post(create_url(version.mini_program), data)
    form, text = response.context["form"], response.content.decode()
    assert response.status_code == 422
    assert [*form.errors] == [field]
    assert form.errors[field][0].startswith(reason) or reason in form.errors[field][0]
    assert f'id="id_{field}_error"' in text
    assert GrayscaleTask.objects.count() == 0
    for name, value in data.items():  # What was typed is still there.
        shown = form[name].value() if name in form.fields else None
        assert [*map(str, shown)] == [*map(str, value)] if isinstance(value, list) else str(shown) == str(value)


def test_all_errors_come_at_once(signed_in, version, by):
    data = typed(version, name="", ends_at="", user_limit="x", applications=None, platforms_ios_lowest="x")
    form = signed_in(by).post(create_url(version.mini_program), data).context["form"]
    assert {*form.errors} == {"name", "ends_at", "user_limit", "applications", "platforms_ios_lowest"}


def test_an_empty_post_is_no_error_page(signed_in, version, by):
    assert signed_in(by).post(create_url(version.mini_program), {}).status_code == 422


def test_a_range_of_a_row_that_is_not_chosen_is_not_looked_at(signed_in, version, by):
    data = typed(version, platforms=["ios"], platforms_android_lowest="nonsense")
    assert signed_in(by).post(create_url(version.mini_program), data).status_code == 302
    assert [*GrayscaleTask.objects.get().platforms.values_list("platform")] == [("ios",)]


@pytest.mark.parametrize(
    ("number", "state", "reason"),
    [
        ("0.9.0", "approved", "0.9.0 isn’t higher than the online version, 1.0.0."),
        ("1.2.0", "in_audit", "1.2.0 hasn’t passed the audit."),
        ("1.0.0", "online", "1.0.0 has been online before. Choose a version that was never online."),
    ],
)
def test_refuses_versions_that_may_not_be_tried(signed_in, version, by, number, state, reason):
    program = version.mini_program
    {"approved": factories.make_approved, "in_audit": factories.make_audit}.get(state, lambda *_: None)(program, number)
    chosen = program.versions.numbered(number).get()
    client = signed_in(by)
    field = client.get(create_url(program)).context["form"].fields["version"]
    offered = [value for value, _label in field.widget.choices]
    assert offered == [version.pk]
    response = client.post(create_url(program), typed(version, version=chosen.pk))
    assert response.context["form"].errors == {"version": [reason]}


def test_another_programs_version_and_application_are_refused(signed_in, version, by):
    other = factories.make_candidate()
    foreign = other.mini_program.bindings.bound().applications().get()
    client = signed_in(by)
    for changes in ({"version": other.pk}, {"applications": [foreign.pk]}):
        response = client.post(create_url(version.mini_program), typed(version, **changes))
        assert [*response.context["form"].errors] == [*changes]


def test_without_a_version_to_try_the_list_says_why(signed_in):
    program = factories.make_program()
    response = signed_in(program.created_by).get(create_url(program))
    assert response.headers["Location"] == reverse("grayscale:tasks", args=[program.app_id])


def test_off_the_shelf_meanwhile(signed_in, version, by):
    type(version.mini_program).objects.update(shelf="off")
    response = signed_in(by).post(create_url(version.mini_program), typed(version))
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "The mini program is off the shelf. Put it back on the shelf first."
    ]


def test_typed_objects_are_part_of_the_task(signed_in, version, by):
    data = typed(version, **{
        "objects-account_use": "on", "objects-account_mode": "type", "objects-account_typed": "ann\nben\n\nann",
    })  # fmt: skip
    assert signed_in(by).post(create_url(version.mini_program), data).status_code == 302
    assert [*GrayscaleTask.objects.get().object_lists.values_list("kind", "count")] == [("account", 2)]


def test_an_empty_list_is_refused(signed_in, version, by):
    data = typed(version, **{"objects-guid_use": "on", "objects-guid_mode": "type", "objects-guid_typed": "  \n"})
    response = signed_in(by).post(create_url(version.mini_program), data)
    assert response.status_code == 422
    assert GrayscaleTask.objects.count() == 0
    assert response.context["form"].non_field_errors()[0].startswith("Objects: ")


# Editing ----------------------------------------------------------------------------------------------------------


def edited(task, **changes):
    """The edit form as it was opened, with changes."""
    form = typed(task.version, name=task.name, starts_at=minute(task.starts_at), ends_at=minute(task.ends_at),
                 user_limit=task.user_limit, platforms=None, networks=None, revision=task.revision)  # fmt: skip
    return {**form, **changes}


def test_pending_everything_changes(signed_in, version, by):
    task = factories.make_task(version, state="pending")
    starts_at = timezone.now() + timedelta(hours=3)
    data = edited(task, name="Renamed", starts_at=minute(starts_at), platforms=["ios"], user_limit="7")
    response = signed_in(by).post(url(task, "edit"), data, follow=True)
    task.refresh_from_db()
    assert "“Renamed” saved." in response.content.decode()
    assert (task.name, minute(task.starts_at), task.user_limit) == ("Renamed", minute(starts_at), 7)
    assert [*task.platforms.values_list("platform")] == [("ios",)]


def test_started_only_the_end_the_limit_and_the_name(signed_in, task, by):
    client, before = signed_in(by), (task.version_id, task.starts_at)
    page = client.get(url(task, "edit"))
    assert not {"version", "starts_at", "applications", "platforms", "networks"} & {*page.context["form"].fields}
    assert "The task has started." in page.content.decode()
    ends_at = timezone.now() + timedelta(days=3)
    data = edited(task, name="Longer", ends_at=minute(ends_at), user_limit="200", networks=["2g"], platforms=["ios"])
    refused = client.post(url(task, "edit"), data)  # Opened while it was pending: what is left out is named.
    assert refused.status_code == 422
    assert ": Platforms, Network. Save again" in refused.context["form"].non_field_errors()[0]
    data = {name: value for name, value in data.items() if name in refused.context["form"].fields}
    assert client.post(url(task, "edit"), data).status_code == 302
    task.refresh_from_db()
    assert (task.version_id, task.starts_at) == before
    assert (task.name, minute(task.ends_at), task.user_limit) == ("Longer", minute(ends_at), 200)
    assert (task.networks, task.platforms.count()) == ([], 0)


def test_the_limit_is_not_below_what_is_delivered(signed_in, task, by):
    for _device in range(3):
        factories.make_claim(task)
    response = signed_in(by).post(url(task, "edit"), edited(task, user_limit="2"))
    assert response.context["form"].errors == {
        "user_limit": ["3 devices already have the version. The limit can’t be lower."]
    }


def test_what_nobody_changed_keeps_its_seconds(signed_in, task, by):
    before = task.starts_at, task.ends_at
    signed_in(by).post(url(task, "edit"), edited(task, name="Renamed"))
    task.refresh_from_db()
    assert (task.name, task.starts_at, task.ends_at) == ("Renamed", *before)


def test_ended_can_not_be_edited(signed_in, version, by):
    task = factories.make_task(version, state="ended")
    client = signed_in(by)
    assert client.get(url(task, "edit")).headers["Location"] == task.get_absolute_url()
    response = client.post(url(task, "edit"), edited(task, name="Renamed"))
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["This task has ended."]


def test_of_two_editors_the_second_sees_what_the_first_saved(signed_in, version, by):
    task = factories.make_task(version, state="pending", name="Old", user_limit=50)
    client = signed_in(by)
    seen = client.get(url(task, "edit")).context["form"]["seen"].value()
    theirs = factories.task_settings(version, name="Theirs", user_limit=77, starts_at=task.starts_at,
                                     ends_at=task.ends_at, platforms=[("ios", "17", "")])  # fmt: skip
    actions.edit(task, by=by, revision=task.revision, settings=theirs)

    response = client.post(url(task, "edit"), edited(task, name="Mine", seen=seen))
    form = response.context["form"]
    assert response.status_code == 422
    assert [(row.label, row.theirs, row.mine, row.taken) for row in form.differences] == [
        ("Task name", "Theirs", "Mine", False),
        ("Number of users", "77", "50", True),
        ("Platforms", "iOS 17 or higher", "any platform", True),
    ]
    assert "Changed while you were editing" in response.content.decode()
    again = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert client.post(url(task, "edit"), again).status_code == 302
    task.refresh_from_db()
    assert (task.name, task.user_limit) == ("Mine", 77)
    assert [*task.platforms.values_list("platform", "lowest")] == [("ios", "17")]


def test_a_list_that_the_other_editor_added_stays(signed_in, version, by):
    task = factories.make_task(version, state="pending", name="Old")
    client = signed_in(by)
    seen = client.get(url(task, "edit")).context["form"]["seen"].value()
    added = factories.make_object_list(version.mini_program, "account", ["ann", "ben"])
    actions.edit(task, by=by, revision=1, settings=same(task, object_lists=[added]))

    data = edited(task, name="Mine", seen=seen)
    form = client.post(url(task, "edit"), data).context["form"]
    assert [(row.label, row.theirs, row.taken) for row in form.differences] == [("Objects", "2 user accounts", True)]
    again = {name: form.data.getlist(name) for name in form.data}
    assert client.post(url(task, "edit"), again).status_code == 302
    task.refresh_from_db()
    assert (task.name, list(task.object_lists.all())) == ("Mine", [added])


def test_only_edits_are_named_when_someone_was_overtaken(signed_in, version, by):
    """Suspending writes an entry too, but does not make a form old; starting by hand does."""
    task = factories.make_task(version, state="pending", name="Old")
    client = signed_in(by)
    seen = client.get(url(task, "edit")).context["form"]["seen"].value()
    task = actions.edit(task, by=by, revision=1, settings=same(task, user_limit=77))
    task = actions.start(task, by=by)
    actions.suspend(task, by=by)
    data = edited(task, name="Mine", revision=1, seen=seen, user_limit=100)
    form = client.post(url(task, "edit"), data).context["form"]
    assert [edit.verb for edit in form.edits] == ["grayscale.started", "grayscale.edited"]


def test_a_start_that_is_moved_to_the_past_has_come(signed_in, version, by):
    task = factories.make_task(version, state="pending")
    data = edited(task, starts_at=minute(timezone.now() - timedelta(hours=2)))
    assert signed_in(by).post(url(task, "edit"), data).status_code == 302
    assert GrayscaleTask.objects.get().state == "delivering"


@pytest.mark.parametrize("verb", ["edit", "copy"])
def test_an_application_that_is_not_bound_any_more_is_named(signed_in, version, by, verb):
    other = factories.make_binding(version.mini_program)
    task = factories.make_task(version, state="pending")
    words = f"{other.application} is no longer bound and will be removed when you save."
    client = signed_in(by)
    assert words not in client.get(url(task, verb)).content.decode()
    programs.unbind(other, by=by)
    assert words in client.get(url(task, verb)).content.decode()


def test_a_strange_seen_value_does_no_harm(signed_in, version, by):
    task = factories.make_task(version, state="pending")
    for seen in ("", "{", "[1]", '"x"', "[" * 100_000):
        data = edited(task, revision=0, seen=seen)
        assert signed_in(by).post(url(task, "edit"), data).status_code == 422


# Copying ----------------------------------------------------------------------------------------------------------


def test_a_copy_starts_now_with_the_same_settings(signed_in, version, by):
    old = factories.make_task(version, state="ended", user_limit=321, networks=["5g"], platforms=[("ios", "16", "")])
    form = signed_in(by).get(url(old, "copy")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    assert (values["version"], values["name"], values["user_limit"]) == (version.pk, old.name, "321")
    assert (values["networks"], values["platforms"], values["platforms_ios_lowest"]) == (["5g"], ["ios"], "16")
    assert abs(values["starts_at"] - timezone.make_naive(timezone.now())) < timedelta(minutes=2)
    assert values["ends_at"] - values["starts_at"] == old.ends_at - old.starts_at


def test_a_copy_chooses_another_version_where_the_old_one_is_out(signed_in, version, by):
    old, program = factories.make_task(version), version.mini_program
    factories.make_online(program, "1.5.0")
    newest = factories.make_approved(program, "1.6.0")
    assert signed_in(by).get(url(old, "copy")).context["form"]["version"].value() == newest.pk
