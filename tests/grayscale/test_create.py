"""Making a task (G-1)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from console.base.activity.events import in_list
from console.base.core.errors import ActionRefused
from grayscale import actions, rules
from grayscale.models import GrayscaleTask, ObjectList
from releases import actions as releases
from tests import factories


def refused(version, **fields):
    """Return the field and the words of the refusal, which left nothing behind."""
    before = GrayscaleTask.objects.count()
    with pytest.raises(ActionRefused) as refusal:
        factories.make_task(version, **fields)
    assert GrayscaleTask.objects.count() == before
    return refusal.value.field, refusal.value.message


def test_makes_a_task_with_its_conditions_and_one_entry(version, by, entries):
    program = version.mini_program
    application = program.bindings.bound().applications().get()
    now = timezone.now()
    objects = factories.make_object_list(program, kind="account", values=["ann", "bob"])
    entries()
    task = actions.create(
        program,
        by=by,
        settings=factories.task_settings(
            version,
            name=" First users ",
            starts_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=2),
            user_limit=5000,
            applications=[(application, "3.0", "4.2")],
            platforms=[("ios", "", "17.4"), ("android", "", "")],
            networks=["5g", "wifi"],
            object_lists=[objects],
        ),
    )
    task = GrayscaleTask.objects.get(pk=task.pk)
    assert (task.name, task.state, task.created_by, task.revision, task.keeps) == (
        "First users",
        "pending",
        by,
        1,
        True,
    )
    assert [(row.application, row.lowest, row.highest) for row in task.applications.all()] == [
        (application, "3.0", "4.2")
    ]
    assert [(row.platform, row.lowest, row.highest) for row in task.platforms.all()] == [
        ("android", "", ""),
        ("ios", "", "17.4"),
    ]
    assert (task.networks, list(task.object_lists.all())) == (["wifi", "5g"], [objects])
    assert sum(shard.capacity for shard in task.shards.all()) == 5000
    (entry,) = entries()
    assert (entry.verb, entry.actor_id, entry.mini_program_id, entry.before) == (
        "grayscale.created",
        by.pk,
        program.app_id,
        None,
    )
    assert entry.after == {
        "state": "pending",
        "name": "First users",
        "version": "1.1.0",
        "users": 5000,
        "starts": task.starts_at.isoformat(),
        "ends": task.ends_at.isoformat(),
        "applications": f"{application} 3.0 – 4.2",
        "platforms": "Android, iOS … – 17.4",
        "networks": "wifi, 5g",
        "objects": "account: 2",
    }
    program.refresh_from_db()
    assert in_list(program.last_change, program.last_change_label) == "Grayscale task created: First users"


def test_a_start_in_the_past_delivers_at_once(version, entries):
    entries()
    task = factories.make_task(version, starts_at=timezone.now() - timedelta(days=3))
    assert GrayscaleTask.objects.get(pk=task.pk).state == "delivering"
    assert [(entry.verb, entry.after["state"]) for entry in entries()] == [("grayscale.created", "delivering")]


def test_refuses_without_an_online_version(db):
    version = factories.make_approved(factories.make_program())
    assert refused(version) == (None, "A grayscale release needs an online version. Publish one first.")


def test_refuses_off_the_shelf(version):
    type(version.mini_program).objects.update(shelf="off")
    assert refused(version) == (None, "The mini program is off the shelf. Put it back on the shelf first.")


@pytest.mark.parametrize(
    ("maker", "words"),
    [
        (lambda program: factories.make_version(program, "2.0.0"), "2.0.0 hasn’t passed the audit."),
        (lambda program: factories.make_audit(program, "2.0.0").version, "2.0.0 hasn’t passed the audit."),
        (lambda program: program.versions.online().get(), "1.0.0 has been online before."),
        (
            lambda program: factories.make_approved(program, "0.9.0"),
            ("0.9.0 isn’t higher than the online version, 1.0.0."),
        ),
        (lambda program: factories.make_candidate("2.0.0"), "Choose a version of this mini program."),
    ],
    ids=["development", "in audit", "online", "lower", "other program"],
)
def test_refuses_a_version_that_may_not_be_tried(version, by, maker, words):
    other = maker(version.mini_program)
    settings = factories.task_settings(version, version=other)
    with pytest.raises(ActionRefused) as refusal:
        actions.create(version.mini_program, by=by, settings=settings)
    assert (refusal.value.field, refusal.value.message.startswith(words)) == ("version", True)


def test_refuses_what_was_online_before(version, by):
    program = version.mini_program
    releases.publish(version, by=by)
    factories.make_online(program, "1.2.0")
    higher = factories.make_approved(program, "1.3.0")
    settings = factories.task_settings(higher, version=version)
    with pytest.raises(ActionRefused, match=r"1\.1\.0 has been online before"):
        actions.create(program, by=by, settings=settings)


def test_the_version_counts_as_it_is_now_not_as_it_was_loaded(version, by):
    settings = factories.task_settings(version)
    releases.publish(type(version).objects.select_related("mini_program").get(pk=version.pk), by=by)
    assert version.state == "approved"
    with pytest.raises(ActionRefused, match="has been online before"):
        actions.create(version.mini_program, by=by, settings=settings)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("First users", 2),
        ("  two\twords\n", 2),
        ("灰度发布", 4),
        ("灰度 v2 测试", 5),
        ("新版v2上线", 5),
        ("第一批，用户（北京）", 7),
        ("𠮷野家", 3),
        ("Ünïcode naïve", 2),
        ("a - b", 2),
        ("3.2.0", 1),
        ("", 0),
        ("   ", 0),
    ],
)
def test_counts_words(name, count):
    assert rules.word_count(name) == count


@pytest.mark.parametrize("name", ["word " * 20, "字" * 20, "字" * 19 + " word", "🚀"])
def test_takes_up_to_twenty_words(version, name):
    assert factories.make_task(version, name=name).name == name.strip()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("word " * 21, "The name has 21 words. Use at most 20; a Chinese character counts as one."),
        ("字" * 20 + " word", "The name has 21 words. Use at most 20; a Chinese character counts as one."),
        (" \n ", "Enter a task name."),
        ("w" * 201, "The name has 201 characters. Use at most 200."),
    ],
)
def test_refuses_a_name(version, name, words):
    assert refused(version, name=name) == ("name", words)


def test_refuses_a_window(version):
    now = timezone.now()
    hour = timedelta(hours=1)
    assert refused(version, starts_at=now, ends_at=now) == ("ends_at", "The end must be later than the start.")
    assert refused(version, starts_at=now + hour, ends_at=now)[0] == "ends_at"
    assert refused(version, starts_at=now - 2 * hour, ends_at=now - hour) == (
        "ends_at",
        ("The end must be in the future."),
    )


@pytest.mark.parametrize("limit", [0, -1, 100_000_001])
def test_refuses_a_limit(version, limit):
    assert refused(version, user_limit=limit) == ("user_limit", "Enter 1 to 100,000,000 users.")


@pytest.mark.parametrize("limit", [1, 15, 16, 17, 100_000_000])
def test_takes_a_limit_and_shares_it_out_exactly(version, limit):
    task = factories.make_task(version, user_limit=limit)
    assert sum(shard.capacity for shard in task.shards.all()) == limit


def test_refuses_applications(version):
    program = version.mini_program
    application = program.bindings.bound().applications().get()
    stranger = factories.make_application(name="Stranger")
    asked = factories.make_binding(program, state="waiting").application
    assert refused(version, applications=[]) == ("applications", "Choose at least one host app.")
    twice = [(application, "", ""), (application, "1", "")]
    assert refused(version, applications=twice) == ("applications", "Choose each host app once.")
    for other in (stranger, asked):
        words = f"{other} isn’t bound to this mini program."
        assert refused(version, applications=[(application, "", ""), (other, "", "")]) == ("applications", words)


@pytest.mark.parametrize(
    ("lowest", "highest", "words"),
    [
        ("10", "9", "iOS: The highest version, 9, is below the lowest, 10."),
        ("17.0.1", "17", "iOS: The highest version, 17, is below the lowest, 17.0.1."),
        ("17.x", "", "iOS: “17.x” isn’t a valid version. Use numbers with dots, such as 17.2."),
        ("", "17.", "iOS: “17.” isn’t a valid version. Use numbers with dots, such as 17.2."),
        ("", "1" * 41, f"iOS: “{'1' * 41}” isn’t a valid version. Use numbers with dots, such as 17.2."),
        ("", "1.2.3.4.5.6.7", "iOS: A version can have at most 6 numbers."),
        ("１７", "", "iOS: “１７” isn’t a valid version. Use numbers with dots, such as 17.2."),
    ],
)
def test_refuses_a_range(version, lowest, highest, words):
    assert refused(version, platforms=[("ios", lowest, highest)]) == ("platforms", words)
    application = version.mini_program.bindings.bound().applications().get()
    field, message = refused(version, applications=[(application, lowest, highest)])
    assert (field, message) == ("applications", words.replace("iOS", str(application)))


@pytest.mark.parametrize(("lowest", "highest"), [("9", "10"), ("17", "17.0.0"), ("17.0", "17"), ("0", "0"), ("", "")])
def test_takes_a_range(version, lowest, highest):
    task = factories.make_task(version, platforms=[("ios", lowest, highest)])
    assert [(row.lowest, row.highest) for row in task.platforms.all()] == [(lowest, highest)]


def test_refuses_what_nobody_knows(version):
    assert refused(version, platforms=[("symbian", "", "")])[0] == "platforms"
    assert refused(version, platforms=[("ios", "", ""), ("ios", "1", "")]) == (
        "platforms",
        "Choose each platform once.",
    )
    assert refused(version, networks=["wifi", "lan"])[0] == "networks"


def test_refuses_object_lists(version):
    program = version.mini_program
    mine = factories.make_object_list(program)
    others = factories.make_object_list(factories.make_program())
    gone = ObjectList(pk=10**9, mini_program=program)
    taken = factories.make_object_list(program)
    factories.make_task(version, object_lists=[taken])
    for wrong in (others, gone, taken):
        assert refused(version, object_lists=[mine, wrong]) == (
            "object_lists",
            "One of the lists no longer exists. Add it again.",
        )
    assert ObjectList.objects.drafts().filter(pk=mine.pk).exists()


def test_refuses_more_than_a_million_values_and_empty_lists(version):
    half, more, empty = (factories.make_object_list(version.mini_program) for _ in range(3))
    ObjectList.objects.filter(pk=half.pk).update(count=500_000)
    ObjectList.objects.filter(pk=more.pk).update(count=500_001)
    ObjectList.objects.filter(pk=empty.pk).update(count=0)
    assert refused(version, object_lists=[half, more]) == (
        "object_lists",
        "Too many values: 1,000,001. A task can have at most 1,000,000 on all its lists.",
    )
    assert refused(version, object_lists=[half, empty]) == (
        "object_lists",
        "A list is empty. Remove it, or add a value.",
    )
    ObjectList.objects.filter(pk=more.pk).update(count=500_000)
    assert factories.make_task(version, object_lists=[half, more]).object_lists.count() == 2


def test_why_not_create(version):
    program = version.mini_program
    program.refresh_from_db()
    assert rules.why_not_create(program, candidates=1) == ""
    assert rules.why_not_create(program, candidates=0) == (
        "No version is ready for grayscale. Get one above 1.0.0 approved first."
    )


def test_overlapping_names_other_running_tasks_in_the_window(version, task):
    now, hour = timezone.now(), timedelta(hours=1)
    later = factories.make_task(version, starts_at=task.ends_at, ends_at=task.ends_at + hour)
    factories.make_task(version, state="ended")
    factories.make_task(starts_at=now - hour, ends_at=now + hour)
    program = version.mini_program
    assert rules.overlapping(program, task, at=now) == []
    assert rules.overlapping(program, later, at=now) == []
    window = factories.task_settings(version, starts_at=now, ends_at=task.ends_at + hour)
    assert rules.overlapping(program, window, at=now) == [later, task]
    assert rules.overlapping(program, window, at=task.ends_at) == [later]
