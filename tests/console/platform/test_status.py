"""The operators' status page: one honest sentence, what to do, and everything that is known (P-12)."""

import re
import socket
import threading
import time
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.base.activity.models import RetentionRun
from console.base.core import files
from console.celery import SCHEDULE
from console.platform import labels
from console.platform.heartbeats import Clock
from console.platform.models import Heartbeat
from console.platform.services import ask_all
from console.platform.status import status
from console.platform.trouble import Level
from console.version import VERSION
from releases.models import Report
from tests import factories
from tests.console.platform.reading import services, titles
from tests.factories import make_beat, make_signs, make_task_sign, make_user, make_worker

pytestmark = pytest.mark.django_db
URL = "/platform/status/"


def replace(name, make, *arguments, **fields):
    Heartbeat.objects.filter(pk=name).delete()
    return make(*arguments, **fields)


# Who ---------------------------------------------------------------------------------------------------------------


def test_is_for_operators_only(signed_in, client):
    client_of = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert client_of.get(URL).status_code == 403
    assert "System status" not in client_of.get("/").content.decode()
    assert client.get(URL).url.startswith(reverse("account_login"))


def test_other_methods_are_not_allowed(operator, signed_in):
    assert signed_in(operator).post(URL).status_code == 405


# The sentence ------------------------------------------------------------------------------------------------------


def test_nothing_ever_ran(read):
    found = status()
    assert found.headline == "No worker has started yet"
    assert found.colour == "orange"
    assert [trouble.commands for trouble in found.troubles] == [("manage.py start worker", "manage.py start beat")]
    words = read()
    assert "All systems are working" not in words
    assert words.count("No worker has started yet") == 1
    assert words.count("Not scheduled") == len(SCHEDULE)


def test_all_is_well(read):
    make_signs()
    words = read()
    assert "All systems are working" in words
    assert "What to do" not in words
    assert words.count("On time") == len(SCHEDULE)
    assert f"version {VERSION}" in words


def test_a_scheduler_alone_is_not_enough():
    make_beat()
    assert titles()[0] == "No worker is running"
    assert f"{len(SCHEDULE)} tasks aren’t scheduled" in titles()


def test_a_worker_alone_is_not_enough():
    make_worker()
    make_beat(ago=None)
    Heartbeat.objects.update(first_at=Clock() - timedelta(seconds=100))
    assert titles() == ["The scheduler has not started yet"]


def test_what_has_not_run_yet_is_not_called_fine():
    make_signs()
    replace("keys.prune", make_task_sign, "keys.prune", ago=None)
    found = status()
    assert (found.headline, found.colour) == ("1 task hasn’t run yet", "orange")


def test_late_parts_lead(read):
    make_signs()
    replace("beat", make_beat, ago=400)
    make_worker("mail@two", queues=("mail",), ago=760)
    found = status()
    assert found.headline == "2 problems need attention"
    assert [process.is_late for process in found.processes] == [True, True, False]
    words = read()
    assert "No heartbeat from the scheduler" in words
    assert "No heartbeat from worker mail@two" in words
    assert "manage.py start worker --queues mail" in words
    assert "12 min ago" in words


def test_what_follows_from_a_lost_worker_is_not_told_apart():
    make_signs()
    replace("worker:all@one", make_worker, ago=100)
    for name in ("keys.prune", "accounts.send_mail"):
        replace(name, make_task_sign, name, ago=200)
    assert titles() == ["No heartbeat from worker all@one"]


def test_a_queue_that_no_worker_takes():
    make_signs()
    replace("worker:all@one", make_worker, "most@one", queues=("deliver", "webhooks", "reports", "periodic"))
    replace("accounts.send_mail", make_task_sign, "accounts.send_mail", ago=200)
    (trouble,) = status().troubles
    assert trouble.title == "No worker serves the queue mail"
    assert trouble.commands == ("manage.py start worker --queues mail",)


def test_late_tasks_of_a_queue_that_a_worker_takes_are_one_trouble():
    make_signs()
    for name in ("keys.prune", "grayscale.keep_time"):
        replace(name, make_task_sign, name, ago=200)
    assert titles() == ["2 tasks of the queue periodic are overdue"]
    replace("keys.prune", make_task_sign, "keys.prune")
    assert titles() == ["“Start and end grayscale tasks on time” is overdue"]


def test_a_failed_task_shows_its_error_harmlessly(read, operator, signed_in):
    make_signs()
    failed = {"failed_at": Clock() - timedelta(seconds=2), "error": "ValueError: <b>no</b>"}
    replace("keys.prune", make_task_sign, "keys.prune", ago=130, **failed)
    assert status().headline == "“Delete expired access tokens” is failing"
    text = signed_in(operator).get(URL).content.decode()
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in text
    assert "2 min ago" in read()


def test_a_failure_that_is_over_stays_in_its_row_alone(read):
    make_signs()
    failed = {"failed_at": Clock() - timedelta(hours=5), "error": "ValueError: once"}
    replace("keys.prune", make_task_sign, "keys.prune", **failed)
    assert titles() == []
    assert "ValueError: once" in read()


def test_different_versions_are_noted(read):
    make_signs()
    make_worker("all@forgotten", version="0.0.1")
    found = status()
    assert (found.headline, found.colour) == (
        f"Different versions are running: {VERSION} here, 0.0.1 elsewhere",
        "blue",
    )
    assert [process.label for process in found.processes if process.differs] == ["all@forgotten"]
    assert "0.0.1" in read()


def test_a_task_of_a_newer_scheduler_is_shown_by_its_own_name(read):
    make_signs()
    make_task_sign("some.new_task")
    make_task_sign("some.old_task", ago=900, sent=900)
    words = read()
    assert "some.new_task" in words
    assert "some.old_task" not in words


def test_the_clock_of_this_machine_is_mentioned_and_not_used(read, time_machine):
    make_signs()
    time_machine.move_to(timezone.now() + timedelta(seconds=40))
    assert titles() == ["This server’s clock is 40 s ahead of PostgreSQL’s"]
    words = read()
    assert "just now" in words
    assert "No heartbeat" not in words


# Queues ------------------------------------------------------------------------------------------------------------


def test_queues_tell_how_much_waits_and_since_when():
    make_signs()
    program = factories.make_program()
    version = factories.make_version(program, "1.0.0")
    asked = timezone.now() - timedelta(minutes=30)
    Report.objects.create(version=version, requested_by=program.created_by, requested_at=asked)
    make_user().notifications.create(kind="review", text="News", url="/", created_at=timezone.now())
    template = factories.make_template(program)
    application = factories.make_application()
    factories.make_binding(program, application)
    factories.make_gateway(application)
    factories.make_server_secret(application)
    factories.make_message(factories.make_consent(factories.make_program_user(program, application), template))
    factories.make_delivery(factories.make_webhook(program.team, "https://ops.example.com/", "trial.set").row)
    replace("keys.prune", make_task_sign, "keys.prune", sent=5, started_at=None)
    queues = {queue.name: queue for queue in status().queues}
    assert {name: queue.waiting for name, queue in queues.items()} == {
        "deliver": 1, "webhooks": 1, "mail": 1, "reports": 1, "periodic": 1,
    }  # fmt: skip
    assert queues["reports"].since == asked
    assert titles() == ["The queue reports is stuck"]


# Services ----------------------------------------------------------------------------------------------------------


def test_services_tell_their_versions():
    found = services()
    assert [service.trouble for service in found.values()] == [None] * len(found)
    assert re.match(r"Version \d+", found["postgres"].facts[0])
    assert re.match(r"Version \d+", found["valkey"].facts[0])


def test_valkey_away_is_one_trouble_and_no_error(read, settings):
    make_signs()
    replace("keys.prune", make_task_sign, "keys.prune", ago=200)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # Nobody listens.
        settings.REDIS_URL = f"redis://127.0.0.1:{unused.getsockname()[1]}/0"
        assert titles() == ["Valkey isn’t responding"]
        assert "Valkey isn’t responding" in read()


def test_a_silent_valkey_does_not_hold_the_page_up(read, settings):
    make_signs()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert "Valkey isn’t responding" in read()


def test_a_valkey_that_fills_up_is_a_note(own_valkey, settings):
    settings.REDIS_URL = own_valkey.url
    with redis.Redis.from_url(own_valkey.url) as client:
        for number in range(1000):
            client.set(f"ballast{number}", bytes(50_000))
        used = client.info("memory")["used_memory"]
    own_valkey.configure("maxmemory", str(int(used / 0.8)))
    assert services()["valkey"].trouble is None
    own_valkey.configure("maxmemory", str(int(used / 0.95)))
    found = services()["valkey"]
    assert found.trouble.title == "Valkey is running out of memory"
    assert found.trouble.level is Level.NOTE
    assert found.works
    own_valkey.configure("maxmemory-policy", "allkeys-lru")  # Then it is as full as it may be, and takes all.
    assert services()["valkey"].trouble is None


def test_a_valkey_that_answers_and_takes_nothing(own_valkey, settings):
    settings.REDIS_URL = own_valkey.url
    assert services()["valkey"].trouble is None
    own_valkey.configure("maxmemory", "1")
    assert services()["valkey"].trouble.title == "Valkey is full"
    own_valkey.configure("maxmemory", "0")
    with redis.Redis.from_url(own_valkey.url) as client:
        client.replicaof("127.0.0.1", "1")
    assert services()["valkey"].trouble.title == "Valkey is read-only"


def test_a_storage_that_is_full(settings, monkeypatch):
    make_signs()
    monkeypatch.setattr(files, "_answer", files._Answer())
    settings.UPLOAD_BYTES = 1 << 60  # more than any disk has free
    found = services()["storage"]
    assert "is full" in found.facts[0]
    assert titles() == ["The storage isn’t writable"]


def test_questions_that_take_too_long_or_fail_are_answered_for():
    ended = threading.Event()
    began = time.monotonic()
    answers = ask_all({"slow": lambda: ended.wait(60), "wrong": lambda: 1 / 0, "quick": lambda: "ok"}, seconds=0.2)
    ended.set()
    assert time.monotonic() - began < 50
    assert [type(answers[name]) for name in ("slow", "wrong", "quick")] == [TimeoutError, ZeroDivisionError, str]


def test_pending_migrations_and_a_newer_schema():
    make_signs()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'platform' AND name = '0001_initial'")
        (trouble,) = status().troubles
        assert (trouble.title, trouble.commands) == ("1 migration is pending", ("manage.py migrate",))
        assert "platform.0001_initial" in trouble.mend
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES"
            " ('platform', '0001_initial', now()), ('platform', '9999_later', now())"
        )
    assert titles() == ["The database is newer than this server"]


def test_what_is_deleted_too_slowly_is_noted(read):
    make_signs()
    assert len(status().kept) > 3
    RetentionRun.objects.create(name="activity", ran_at=timezone.now(), deleted_last=1234, behind=True)
    assert titles() == ["Old data is not deleted in time: Activity"]
    words = read()
    assert "1,234" in words
    assert "Behind schedule" in words


# Everything else ---------------------------------------------------------------------------------------------------


def test_constant_queries(operator, signed_in):
    client = signed_in(operator)
    counts = []
    for number in (0, 1, 2):
        for serial in range(number):
            make_worker(f"w{serial}@{number}", ago=100 * serial)
            make_task_sign(f"task{serial}.{number}")
        if number == 1:
            make_signs()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(URL).status_code == 200
        counts.append(len(queries))
    assert counts == [counts[0]] * 3
    assert counts[0] <= 36


def test_every_task_and_queue_has_a_name_for_people():
    assert set(SCHEDULE) - set(labels.TASKS) == set()
    assert {row.queue for row in SCHEDULE.values()} <= set(labels.QUEUES)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "every second"), (10, "every 10 s"), (60, "every minute"), (600, "every 10 min"), (90, "every 90 s"),
     (3600, "every hour"), (7200, "every 2 hours"), (86400, "every day"), (172800, "every 2 days")],
)  # fmt: skip
def test_periods_in_words(seconds, words):
    assert labels.period(seconds) == words


def test_the_menu_and_home_point_there_when_something_is_late(operator, signed_in):
    client = signed_in(operator)
    make_signs()
    text = client.get("/").content.decode()
    assert 'href="/platform/"' in text
    assert "nav-late" not in text
    assert "aren’t responding" not in text
    replace("beat", make_beat, ago=100)
    text = client.get("/").content.decode()
    assert "nav-late" in text
    assert "Some console components aren’t responding" in text
    assert f'href="{URL}"' in text


def test_nobody_else_pays_for_it(signed_in):
    client = signed_in(make_user())
    with CaptureQueriesContext(connection) as queries:
        client.get("/")
    assert not [query for query in queries if "platform_heartbeat" in query["sql"]]
