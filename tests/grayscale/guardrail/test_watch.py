"""The guardrail's sweep (G-13): what it suspends, what it leaves alone, and what it says."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from console.base.accounts.models import Notification
from console.base.activity.events import event_of
from console.base.activity.models import ActivityEntry
from devmgmt.logs.criteria import StoreAway, TooSlow
from grayscale import actions, error_rates, watch
from grayscale.guardrail import Seen
from grayscale.history import steps_of
from grayscale.models import GrayscaleTask
from grayscale.tasks import keep_watch as sweep
from miniprograms import actions as programs
from miniprograms.models import MiniProgram
from releases.field.errors import Figures
from tests import factories
from tests.console.base.accounts.acting import at_once
from tests.console.holding import another
from tests.grayscale.guardrail.conftest import guarded
from tests.grayscale.guardrail.sending import log, report
from tests.grayscale.test_edit import same

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def look(later: timedelta = timedelta(0)) -> int:
    return watch.keep_watch(at=timezone.now() + later)


def now(task):
    return GrayscaleTask.objects.select_related("mini_program__team", "version").get(pk=task.pk)


def suspensions(task):
    return ActivityEntry.objects.filter(
        target_type="grayscaletask", target_id=task.pk, verb="grayscale.suspended", actor_id=None
    )


def test_suspends_and_says_why(version):
    task = guarded(version)
    assert factories.make_claim(task)
    report(version, 3, 1)
    assert look() == 1
    stored = now(task)
    assert (stored.state, stored.state_reason) == ("suspended", "guardrail")
    assert not factories.make_claim(task)  # no new user, whatever a process still believes
    (entry,) = suspensions(task)
    harm = {"devices": 4, "bad": 1, "limit": "5"}
    assert (entry.before, entry.after) == (
        {"state": "delivering", "why": ""},
        {"state": "suspended", "why": "guardrail", "harm": harm},
    )
    assert entry.actor_label == ""
    assert event_of(entry.verb).lines(entry) == [
        "Status: Delivering → Suspended",
        "Why: too many devices had errors",
        "Measured errors: 25 % of 4 devices had errors, limit 5 %",
    ]
    assert steps_of(stored, at=timezone.now())[0].why == "by the guardrail: 25 % of 4 devices had errors, limit 5 %"


def test_tells_the_creator_and_who_manages_the_program(version, by):
    team = version.mini_program.team
    people = {role: factories.make_member(team, role) for role in ("admin", "license_holder", "developer", "viewer")}
    factories.make_member(factories.make_team(), "admin")
    task = guarded(version)
    report(version, 3, 1)
    look()
    told = Notification.objects.filter(text__contains="guardrail")
    assert {row.user for row in told} == {by, people["admin"], people["license_holder"]}
    assert told.count() == 3
    row = told.first()
    assert (row.kind, row.url) == ("grayscale", task.get_absolute_url())
    assert row.text == f"{version.mini_program}: guardrail suspended “{task}”"
    assert row.detail == "25 % of 4 devices had errors, limit 5 %"


def test_what_it_saw_is_kept_also_when_it_does_not_act(version, online):
    task = guarded(version, rate=50)
    report(version, 3, 1)
    log(online, 2, 1)
    at = timezone.now()
    assert watch.keep_watch(at=at) == 0
    stored = now(task)
    assert stored.guard_looked_at == at
    assert Seen.of(stored.guard_seen) == Seen(
        since=max(task.state_since, at - timedelta(hours=1)).isoformat(),
        ours=Figures(4, 1),
        online=Figures(3, 1),
        number="1.0.0",
    )
    assert stored.state == "delivering"


@pytest.mark.parametrize(("devices", "acts"), [(4, 1), (5, 0)])
def test_needs_enough_devices(version, devices, acts):
    guarded(version, devices=devices)
    report(version, 0, 4)
    assert look() == acts


def test_is_worse_than_online(version, online):
    task = guarded(version, rate=None, points=20, devices=2)
    report(version, 3, 1)
    report(online, 1, 0)
    assert look() == 0  # one device says nothing
    log(online, 9)
    assert look(2 * MINUTE) == 1
    (entry,) = suspensions(task)
    assert entry.after["harm"] == {
        "devices": 4, "bad": 1, "online": "1.0.0", "online_devices": 10, "online_bad": 0, "points": "20",
    }  # fmt: skip


def test_counts_logs_too(version):
    guarded(version, rate=30)
    report(version, 3)
    log(version, 1)
    assert look() == 0
    log(version, 0, 3)
    assert look(2 * MINUTE) == 1


@pytest.mark.parametrize("state", ["pending", "suspended", "ended"])
def test_leaves_alone_what_does_not_deliver(version, state):
    task = guarded(version, state=state)
    report(version, 0, 9)
    assert look() == 0
    assert (now(task).state, suspensions(task).count(), now(task).guard_seen) == (state, 0, None)


def test_leaves_alone_a_task_without_a_guardrail_and_one_that_is_over(version):
    factories.make_task(version)
    over = guarded(version)
    GrayscaleTask.objects.filter(pk=over.pk).update(ends_at=timezone.now() - MINUTE)
    report(version, 0, 9)
    assert look() == 0


def test_a_start_that_nobody_wrote_down_is_written_first(version):
    task = guarded(version, state="pending")
    GrayscaleTask.objects.filter(pk=task.pk).update(starts_at=timezone.now() - 5 * MINUTE)
    report(version, 0, 9)
    assert look() == 1
    verbs = ActivityEntry.objects.filter(target_id=task.pk, target_type="grayscaletask").order_by("id")
    assert [entry.verb for entry in verbs] == ["grayscale.created", "grayscale.started", "grayscale.suspended"]


def test_off_the_shelf_nothing_is_suspended_twice(version, by):
    task = guarded(version)
    programs.take_off_shelf(version.mini_program, by=by, reason="Test")
    report(version, 0, 9)
    assert look() == 0
    assert now(task).state_reason == "off_shelf"


def test_looks_once_a_minute(version):
    task = guarded(version)
    assert look() == 0
    report(version, 0, 9)
    assert look(30 * timedelta(seconds=1)) == 0
    assert look(61 * timedelta(seconds=1)) == 1
    assert suspensions(task).count() == 1


def test_what_came_before_the_task_took_users_does_not_count(version):
    task = guarded(version)
    GrayscaleTask.objects.filter(pk=task.pk).update(state_since=timezone.now() - timedelta(seconds=30))
    report(version, 0, 9)
    log(version, 0, 9)
    assert look() == 0


def test_after_a_resume_only_what_is_new_counts(version, by):
    task = guarded(version)
    report(version, 0, 9)
    log(version, 0, 9)
    assert look() == 1
    actions.resume(now(task), by=by, anyway=True, reason="Not ours")
    later = timezone.now() + 2 * MINUTE
    assert watch.keep_watch(at=later) == 0
    assert Seen.of(now(task).guard_seen).ours == Figures()
    report(version, 0, 3, at=later)
    assert watch.keep_watch(at=later + 2 * MINUTE) == 0
    report(version, 0, 1, at=later)
    assert watch.keep_watch(at=later + 4 * MINUTE) == 1
    assert suspensions(task).count() == 2


def test_old_figures_do_not_count(version):
    guarded(version)
    report(version, 0, 9, at=timezone.now() - 61 * MINUTE)
    log(version, 0, 9, at=timezone.now() - 61 * MINUTE)
    assert look() == 0


def test_a_guardrail_that_was_taken_off_while_it_looked_does_not_act(version, by, monkeypatch):
    task = guarded(version)
    report(version, 0, 9)
    read = error_rates.error_rates_now

    def slow(*args, **times):
        actions.edit(now(task), by=by, revision=1, settings=same(now(task), guardrail=None))
        return read(*args, **times)

    monkeypatch.setattr(watch, "error_rates_now", slow)
    assert look() == 0
    assert now(task).state == "delivering"


def test_a_resume_while_it_looked_does_not_count_old_figures(version, by, monkeypatch):
    task = guarded(version)
    report(version, 0, 9)
    read = error_rates.error_rates_now

    def slow(*args, **times):
        found = read(*args, **times)
        actions.suspend(now(task), by=by)
        actions.resume(now(task), by=by)
        return found

    monkeypatch.setattr(watch, "error_rates_now", slow)
    assert look() == 0
    assert now(task).state == "delivering"


@pytest.mark.parametrize("bad", [3, 0])
def test_a_log_store_that_is_away_suspends_nothing_by_itself(version, bad, monkeypatch):
    class Away:
        def devices(self, *args, **kwargs):
            raise StoreAway

    monkeypatch.setattr(error_rates, "log_store", Away)
    task = guarded(version)
    report(version, 4 - bad, bad)
    assert look() == bool(bad)
    seen = Seen.of(now(task).guard_seen)
    assert (seen.ours, seen.logs) == (Figures(4, bad), False)


@pytest.mark.parametrize(("error", "asked"), [(StoreAway, 1), (TooSlow, 2)])
def test_a_log_store_that_is_away_is_asked_once_by_a_sweep(version, error, asked, monkeypatch):
    questions = []

    class Away:
        def devices(self, criteria, *args, **kwargs):
            questions.append(criteria)
            raise error

    monkeypatch.setattr(error_rates, "log_store", Away)
    tasks = [guarded(version), guarded(factories.make_candidate())]
    for task in tasks:
        report(task.version, 0, 9)
    assert look() == 2  # by reports
    assert [Seen.of(now(task).guard_seen).logs for task in tasks] == [False, False]
    assert len(questions) == asked


def test_the_program_that_waits_longest_is_looked_at_first(version, monkeypatch):
    questions = []

    class Slow:
        def devices(self, criteria, *args, **kwargs):
            questions.append(criteria.mini_program)
            raise TooSlow

    monkeypatch.setattr(error_rates, "log_store", Slow)
    tasks = [guarded(version), *(guarded(factories.make_candidate()) for _ in range(2))]
    for task, minutes in zip(tasks, (3, None, 2), strict=True):
        at = minutes and timezone.now() - minutes * MINUTE
        GrayscaleTask.objects.filter(pk=task.pk).update(guard_looked_at=at)
    look()
    assert questions == [tasks[number].mini_program_id for number in (1, 0, 2)]


def test_a_clock_that_is_set_back_blinds_no_guardrail(version):
    task = guarded(version)
    GrayscaleTask.objects.filter(pk=task.pk).update(guard_looked_at=timezone.now() + timedelta(days=1))
    report(version, 0, 9)
    assert look() == 1


@pytest.mark.django_db(transaction=True)
def test_one_sweep_runs_at_a_time(version):
    task = guarded(version)
    report(version, 0, 9)
    with another() as other:
        other.autocommit = True
        other.execute("SELECT pg_advisory_lock(%s)", [watch.SWEEP])
        assert (look(), now(task).guard_looked_at) == (0, None)
        other.execute("SELECT pg_advisory_unlock(%s)", [watch.SWEEP])
        assert look() == 1
        assert other.execute("SELECT pg_try_advisory_lock(%s)", [watch.SWEEP]).fetchone() == (True,)


def test_two_tasks_of_a_program_are_judged_each_by_its_own(version):
    program = version.mini_program
    other = factories.make_approved(program, "1.2.0")
    harmless, harmful = guarded(other), guarded(version)
    report(version, 0, 9)
    report(other, 9)
    assert look() == 1
    assert [now(harmless).state, now(harmful).state] == ["delivering", "suspended"]


def test_each_reader_is_told_in_their_language(version):
    """The entry holds plain values: the sentence is made when it is read."""
    task = guarded(version)
    report(version, 0, 9)
    look()
    (entry,) = suspensions(task)
    with translation.override("zh-hans"):
        assert "9" in event_of(entry.verb).lines(entry)[-1]
    assert all(isinstance(value, (int, str)) for value in entry.after["harm"].values())


def test_asks_a_few_questions_of_each_task(version):
    def queries():
        GrayscaleTask.objects.update(guard_looked_at=None, state_since=timezone.now() - timedelta(hours=2))
        with CaptureQueriesContext(connection) as captured:
            look()
        return len([one for one in captured if "SELECT" in one["sql"] and "set_config" not in one["sql"]])

    guarded(version)
    one = queries()
    for _ in range(2):
        guarded(version)
    assert queries() == one + 2 * 3


def test_the_task_sweeps(version):
    guarded(version)
    report(version, 0, 9)
    assert sweep() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_suspend_once(version):
    tasks = [guarded(version), guarded(factories.make_candidate())]
    for task in tasks:
        report(task.version, 0, 9)
    assert sum(at_once(*[look] * 4)) == 2
    assert [suspensions(task).count() for task in tasks] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_program_that_someone_holds_is_left_to_the_next_sweep(version):
    task = guarded(version)
    report(version, 0, 9)
    held, done = Event(), Event()

    def hold():
        with transaction.atomic():
            MiniProgram.objects.select_for_update().get(pk=version.mini_program_id)
            held.set()
            done.wait(20)

    def look_meanwhile():
        held.wait(20)
        try:
            return look()
        finally:
            done.set()

    assert at_once(hold, look_meanwhile)[1] == 0
    assert now(task).state == "delivering"
    assert look() == 1


@pytest.mark.django_db(transaction=True)
def test_the_sweep_and_a_hand_at_once_suspend_once(version, by):
    task = guarded(version)
    report(version, 0, 9)
    at_once(look, lambda: actions.suspend(now(task), by=by))
    look(2 * MINUTE)
    entries = ActivityEntry.objects.filter(target_id=task.pk, verb="grayscale.suspended")
    assert (entries.count(), now(task).state) == (1, "suspended")
