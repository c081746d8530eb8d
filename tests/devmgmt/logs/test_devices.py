"""Which devices logged with which version, and which had errors (G-13): the same of both stores."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from devmgmt.logs import postgres
from devmgmt.logs.criteria import Criteria, DeviceErrors, TooSlow
from tests.devmgmt.logs.test_store import PROGRAM, entry, some_entries

HOUR = timedelta(hours=1)


def hours_back(hours: int) -> Criteria:
    """The hours before now."""
    now = timezone.now()
    return Criteria(PROGRAM, now - hours * HOUR, now)


def test_agrees_with_plain_python(store, settings):
    entries = some_entries(random.Random(5), 600)
    store.write(entries)
    criteria, versions = hours_back(70), ["1.0.0", "2.0.0", "9.9.9"]
    expected: dict[tuple[object, ...], bool] = {}
    for one in entries:
        if one.mini_program == PROGRAM and criteria.start <= one.time < criteria.end and one.version in versions:
            start = criteria.start + (one.time - criteria.start) // (5 * HOUR) * (5 * HOUR)
            key = start, one.version, one.guid, one.application
            expected[key] = expected.get(key, False) or one.level >= 8
    found = store.devices(criteria, versions, step=5 * HOUR, limit=10_000)
    assert sorted(found) == sorted(DeviceErrors(*key, error) for key, error in expected.items())
    assert {one.error for one in found} == {True, False}


def test_looks_at_the_newest_entries_only_whatever_their_version(store):
    now = timezone.now()
    store.write(
        [
            entry(time=now - timedelta(minutes=minute), version=version, guid=f"0302{minute:028}")
            for minute, version in enumerate(["1.0.0", "2.0.0", "1.0.0", "1.0.0"], start=1)
        ]
    )
    criteria = replace(hours_back(1), end=now)
    found = store.devices(criteria, ["1.0.0"], step=HOUR, limit=3)
    assert sorted(int(one.guid[4:]) for one in found) == [1, 3]
    assert store.devices(criteria, [], step=HOUR, limit=3) == []


def test_looks_at_some_devices_only(store):
    now = timezone.now()
    entries = [entry(time=now - timedelta(minutes=minute), guid=f"0302{minute:028}") for minute in range(1, 5)]
    store.write(entries)
    criteria, version = replace(hours_back(1), end=now), entries[0].version
    asked = [f"0302{minute:028}" for minute in (3, 4, 9)]
    found = store.devices(criteria, [version], step=HOUR, limit=3, guids=asked)
    assert sorted(int(one.guid[4:]) for one in found) == [3, 4]
    assert store.devices(criteria, [version], step=HOUR, limit=3, guids=[]) == []


def test_gives_up_in_time(db, settings, monkeypatch):
    settings.LOG_QUERY_SECONDS = 0.05
    monkeypatch.setattr(postgres, "DEVICES", postgres.SQL("SELECT pg_sleep(5)"))
    with pytest.raises(TooSlow):
        postgres.PostgresStore().devices(hours_back(1), ["1.0.0"], step=HOUR, limit=3)
