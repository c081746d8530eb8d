"""Fixtures of the whole suite."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.color import no_style
from django.db import connection
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck, settings

from console.api.device.update import claims
from console.base.accounts.models import User
from console.base.activity import payloads
from console.base.activity.events import EVENTS, Event
from console.base.activity.models import ActivityEntry
from console.base.activity.signals import emitted
from console.base.core import request_id, sheets
from tests.factories import make_user
from tests.signing_in import client_of

pytest_plugins = ["tests.template", "tests.identity_provider"]

# No property is about how quick the machine is. (A list of checks that a test names itself stands instead of this one.)
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Rows that belong to the tables themselves, not to a test.
KEPT_TABLES = {"django_content_type", "auth_permission"}
# Django knows no model of it, as its partitions come and go.
LOG_TABLE = "devmgmt_logentry"


# Most tests that commit leave rows in a few tables: deleting those is much quicker than truncating all. No trigger
# fires meanwhile, since append-only tables would refuse; what the update check has to know is noted once, by hand.
DELETE = """
DO $$
DECLARE name text; filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH name IN ARRAY ARRAY[%s] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %%I)', name) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %%I', name); END IF;
    END LOOP;
    INSERT INTO device_change DEFAULT VALUES;
END $$
"""
emptied = itertools.count(1)
TRUNCATED_EVERY = 50  # times, which gives the space of deleted rows back: nothing vacuums a database of tests


def empty_tables(_test: TransactionTestCase) -> None:
    """Empty the tables after a test that commits.

    Django's own way truncates all of them, the content types and permissions, too, and makes those anew.
    """
    of_models = {*connection.introspection.django_table_names(only_existing=True)}
    tables = sorted(of_models - KEPT_TABLES | {LOG_TABLE})
    if next(emptied) % TRUNCATED_EVERY == 0:
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))
        return
    with connection.cursor() as cursor:
        cursor.execute(DELETE % ", ".join(f"'{table}'" for table in tables))


TransactionTestCase._fixture_teardown = empty_tables


# The modules that take longest, from a minute down to five seconds. Workers take modules in this order, so that none
# begins a long one when the others have nothing left; what mostly computes and what mostly waits take turns.
LONGEST = (
    "upgrade/test_upgraded_data.py",
    "browser/test_every_page_programs.py",
    "messaging/test_deliver_by_force.py",
    "console/test_routes.py",
    "console/api/device/test_openapi.py",
    "console/local/test_up.py",
    "console/platform/test_consumer.py",
    "browser/test_every_page_grayscale.py",
    "upgrade/test_previous_release.py",
    "browser/test_every_page_versions.py",
    "corpus/test_native.py",
    "browser/test_every_page_applications.py",
    "messaging/test_invariants_by_force.py",
    "browser/test_every_page_messages.py",
    "browser/test_every_page_platform.py",
    "browser/test_journey.py",
    "console/reviews/test_worker.py",
    "console/api/device/test_snapshot.py",
    "console/platform/test_slow_bodies.py",
    "console/platform/test_nginx.py",
    "console/platform/test_doctor.py",
    "console/platform/test_backup.py",
    "console/platform/test_serving.py",
    "browser/test_report_journey.py",
    "grayscale/test_explain.py",
    "console/platform/test_scheduler.py",
    "browser/test_api_reference.py",
    "browser/test_grayscale.py",
    "grayscale/test_claims_by_force.py",
    "browser/test_frame.py",
    "console/local/test_demo.py",
    "browser/test_message_journey.py",
    "console/platform/test_start.py",
    "console/api/manage/test_schemathesis.py",
    "console/base/accounts/test_throttle.py",
    "grayscale/test_matching.py",
    "releases/scan/test_scan.py",
    "releases/test_upload.py",
    "releases/report/test_reporting.py",
    "console/api/device/test_client.py",
    "browser/test_logs.py",
    "browser/test_select_keywords.py",
)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a third of a worker's time is waiting for what it has started."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the order within a module stays."""
    places = {str(Path(__file__).parent / name): place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(str(item.path), len(places)))


def pytest_collection_finish() -> None:
    """Let the garbage collector look no more at what stays until the end: modules, and thousands of collected tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests that commit go on with the connection that is there."""
    give_back_if_dead()


def give_back_if_dead() -> None:
    """Give back a connection that an earlier test has had killed, and those that wait in the pool.

    Where there is none now, the next one is looked at when it is taken (`console.base.core.pool`).
    """
    if connection.in_atomic_block or connection.connection is None or connection.is_usable():
        return
    connection.close()
    if connection.alias in connection._connection_pools:
        connection.pool.open()  # Django makes a pool, and opens it when it first takes a connection: none grows before.
        connection.pool.check()  # Of those that wait there, too.


@receiver(post_save, sender=ActivityEntry)
def every_value_has_its_words(instance: ActivityEntry, **named: Any) -> None:
    """What an entry keeps of a change, its event has a field for: else a page shows the key, in English.

    But for the keywords of public templates, which are called by their keys: thing1, enum2.
    """
    if event := EVENTS.get(instance.verb):
        keys = {key for key, _before, _after in instance.changes() if not key[-1].isdigit()}
        assert keys <= {*event.fields}, instance.verb


@receiver(emitted)
def every_event_can_be_told(sender: type[Event], *, event: Event, entry: ActivityEntry, **named: Any) -> None:
    """What webhooks would hear of it has the shape of its example, whoever listens (A-4)."""
    told, example = payloads.payload(event, entry)["data"], payloads.example(sender)["data"]
    for key, value in told.items():
        if isinstance(value, dict) and key not in ("before", "after"):
            assert example[key] is not None and value.keys() == example[key].keys(), (event.name, key)


@pytest.fixture(autouse=True)
def nothing_left_by_devices() -> Iterator[None]:
    """What one test's devices asked and were given is nothing to the next one's."""
    yield
    claims.close()
    request_id.forget()


@pytest.fixture(scope="module")
def no_running_loop() -> Iterator[None]:
    """For modules that run an event loop themselves: Playwright's, of a browser that lives on, runs in this thread.

    For the whole module, as Django has other database connections where a loop runs.
    """
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    give_back_if_dead()  # It is another one than that of the hook above, where a loop runs.
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture
def no_files_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests let lie unread holds no turn of this one."""
    monkeypatch.setattr(sheets, "_writing", set())


@pytest.fixture
def signed_in(db: None) -> Callable[[User], Client]:
    """Return a browser-like client in which `user` has just signed in with the password."""
    return client_of


@pytest.fixture
def operator(db: None) -> User:
    """Olga, who runs the platform."""
    return make_user("Olga", email="olga@example.com", is_staff=True)


@pytest.fixture
def operator_client(operator: User) -> Client:
    """A browser-like client in which the operator has just signed in."""
    return client_of(operator)
