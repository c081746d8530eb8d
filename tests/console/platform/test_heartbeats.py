"""Signs of life: when a task is due, and what is late, by the database's clock alone."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from console.celery import SCHEDULE
from console.platform import heartbeats
from console.platform.heartbeats import Clock, begun, ended, forget, late, not_sent, take_due
from console.platform.models import Heartbeat, Part
from console.platform.parts import TaskState, tasks_of
from console.platform.watch import notify_late
from tests.console.platform.clock import at_once, let_pass
from tests.factories import make_beat, make_sign, make_task_sign, make_worker

pytestmark = pytest.mark.django_db
SWEEPS = ("releases.sweep_packages", "miniprograms.sweep_icons")
TASKS = {"sweep": ("periodic", 10), "mail": ("mail", 60)}


def sign(name):
    return Heartbeat.objects.get(name=name)


# Due ---------------------------------------------------------------------------------------------------------------


def test_every_task_is_due_first_and_again_after_its_period():
    assert sorted(take_due(TASKS)) == ["mail", "sweep"]
    for name in TASKS:
        begun(name)
    assert take_due(TASKS) == []

    let_pass(9)
    assert take_due(TASKS) == []
    let_pass(2)
    assert take_due(TASKS) == ["sweep"]
    begun("sweep")
    let_pass(50)
    assert sorted(take_due(TASKS)) == ["mail", "sweep"]


def test_a_task_that_no_worker_takes_is_not_piled_up():
    take_due(TASKS)
    for _look in range(6):
        let_pass(11)
        assert take_due(TASKS) == []
    let_pass(5)
    assert take_due(TASKS) == ["sweep"]  # A minute and its period: the first one may have been lost.
    let_pass(11)
    assert take_due(TASKS) == []


def test_a_new_period_and_queue_hold_from_the_next_time_on():
    take_due({"sweep": ("periodic", 10)})
    begun("sweep")
    let_pass(40)
    assert take_due({"sweep": ("mail", 60)}) == []
    let_pass(21)
    assert take_due({"sweep": ("mail", 60)}) == ["sweep"]
    assert (sign("sweep").queue, sign("sweep").seconds) == ("mail", 60)


def test_what_the_broker_did_not_take_is_due_immediately_and_late_when_that_goes_on():
    take_due(TASKS)
    not_sent(["sweep"])
    assert take_due(TASKS) == ["sweep"]
    for _second in range(10):
        let_pass(10)
        not_sent(take_due(TASKS))
    assert late() == ["beat", "sweep"]


def test_two_sweeps_of_storages_that_may_hang_are_not_due_together():
    sweeps = {name: (SCHEDULE[name].queue, SCHEDULE[name].seconds) for name in SWEEPS}
    take_due(sweeps)
    for name in sweeps:
        begun(name)
    let_pass(24 * 3600)
    assert len(take_due(sweeps)) == 1


@pytest.mark.django_db(transaction=True)
def test_several_schedulers_at_once_send_each_task_once():
    tasks = {f"task{number:02}": ("periodic", 10) for number in range(20)}
    for _round in range(5):
        sent = [name for names in at_once(lambda: take_due(tasks)) for name in names]
        assert sorted(sent) == sorted(tasks)
        for name in tasks:
            begun(name)
        let_pass(11)


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_clock_of_this_machine_decides_nothing(hours):
    take_due(TASKS)
    begun("sweep")
    ended("sweep")
    make_beat()
    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=True):
        assert take_due(TASKS) == []
        assert late() == []
        let_pass(11)
        assert take_due(TASKS) == ["sweep"]
        begun("sweep")
        heartbeats.show("worker:a", Part.WORKER, seconds=10, facts={})
        rows = Heartbeat.objects.filter(name__in=["sweep", "worker:a"]).values_list("sent_at", "started_at", "seen_at")
        times = [moment for row in rows for moment in row if moment]
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (now,) = cursor.fetchone()
    assert max(now - moment for moment in times) < timedelta(minutes=1)
    assert max(times) <= now


# A clock that is set back --------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_stops_no_task():
    take_due(TASKS)
    begun("sweep")
    let_pass(-86400)  # It was a day ahead, and is right again.
    notify_late()
    assert take_due(TASKS) == []
    let_pass(11)
    assert take_due(TASKS, empty=["periodic"]) == ["sweep"]


def test_a_clock_that_is_set_back_alone_is_no_alarm():
    take_due(TASKS)
    begun("sweep")
    ended("sweep", error="OperationalError: gone")
    make_beat()
    make_worker("a@one")
    let_pass(-3600)
    assert notify_late() == 0
    assert late() == []
    ended("sweep")
    assert {task.name: task.state for task in tasks_of(heartbeats.signs())}["sweep"] is TaskState.ON_TIME
    let_pass(95)
    assert late() == ["beat", "sweep", "worker:a@one"]


def test_a_sign_from_the_future_is_none_while_nobody_sets_it_right():
    make_task_sign("keys.prune", ago=-3600)
    make_worker("a@one", ago=-3600)
    make_beat(ago=-3600)
    assert late() == ["beat", "keys.prune", "worker:a@one"]
    with connection.cursor() as cursor:
        cursor.execute(heartbeats.BEAT_IS_LATE)
        assert cursor.rowcount == 1
    Heartbeat.objects.update(sent_at=Clock() + timedelta(hours=1))
    assert not any(row.is_sent for row in heartbeats.signs())


def test_a_clock_that_is_a_moment_off_is_no_reason():
    make_task_sign("keys.prune", ago=-2, sent=-2)
    make_worker("a@one", ago=-2)
    make_beat(ago=-2)
    assert late() == []
    assert {row.name: row.is_sent for row in heartbeats.signs()}["keys.prune"]
    assert take_due({"keys.prune": ("periodic", 10)}, empty=["periodic"]) == []


# Late --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "ago", "is_late"), [(10, 85, False), (10, 95, True), (60, 175, False), (60, 185, True)]
)
def test_late_after_three_periods_and_at_least_a_minute_and_a_half(seconds, ago, is_late):
    make_beat()
    make_task_sign("keys.prune", seconds=seconds, ago=ago)
    make_sign("worker:w@one", Part.WORKER, seconds=seconds, ago=ago)
    assert late() == (["keys.prune", "worker:w@one"] if is_late else [])


def test_what_never_ended_well_is_late_from_when_it_was_first_expected():
    make_beat()
    make_task_sign("keys.prune", ago=None)
    assert late() == []
    let_pass(95, name="keys.prune")
    assert late() == ["keys.prune"]


def test_a_failure_is_no_sign_of_life_and_its_error_is_kept():
    make_beat()
    make_task_sign("keys.prune", ago=100)
    ended("keys.prune", error="OperationalError: gone\0" + "x" * 400)
    assert late() == ["keys.prune"]
    ended("keys.prune")
    assert late() == []
    found = sign("keys.prune")
    assert found.error.startswith("OperationalError: gonex")
    assert len(found.error) == 300
    assert found.failed_at < found.seen_at


def test_a_task_that_is_not_sent_any_more_is_not_missed():
    make_beat()
    make_task_sign("from.an.old.release", ago=200, sent=200)
    assert late() == []


def test_a_scheduler_is_missed_where_none_was_ever_seen():
    assert late() == ["beat"]
    with connection.cursor() as cursor:
        cursor.execute(heartbeats.EXPECT_BEAT, [10])
    assert late() == []  # It has a minute and a half to come.
    let_pass(95)
    assert late() == ["beat"]


def test_a_lost_worker_is_forgotten_after_an_hour_and_an_old_task_after_a_week():
    make_worker("lost@one", ago=3700)
    make_worker("late@one", ago=3500)
    make_beat(ago=9999)
    make_task_sign("old", sent=8 * 86400, ago=8 * 86400)
    forget()
    assert list(Heartbeat.objects.order_by("pk").values_list("pk", flat=True)) == ["beat", "worker:late@one"]


def test_a_worker_that_leaves_takes_nobody_elses_row():
    make_worker("a@one", process=7)
    with connection.cursor() as cursor:
        cursor.execute(heartbeats.LEAVE, ["worker:a@one", 8])
        assert Heartbeat.objects.exists()
        cursor.execute(heartbeats.LEAVE, ["worker:a@one", 7])
    assert not Heartbeat.objects.exists()


def test_signs_say_what_is_late_and_sent():
    make_worker("a@one", ago=100)
    make_task_sign("keys.prune", sent=5)
    make_task_sign("old", ago=900, sent=900)
    found = {row.name: (row.is_late, row.is_sent) for row in heartbeats.signs()}
    assert found == {"worker:a@one": (True, False), "keys.prune": (False, True), "old": (False, False)}
    assert Heartbeat.objects.filter(seen_at__lt=Clock()).count() == 3
