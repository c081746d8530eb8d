"""What factories write by themselves is what the verbs would have written."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone

from console.base.accounts.models import Notification
from miniprograms.models import MiniProgram
from releases import actions
from tests import factories
from tests.factories import people

# The verbs notify people; who only wants such a version notifies nobody.
COMPARED = [model for model in apps.get_models() if model is not Notification]


def sequences() -> list[tuple[str, int]]:
    """Return the last value of every sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, 1) FROM pg_sequences")
        return cursor.fetchall()


@contextmanager
def from_here(known: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give ids, names and numbers that are always the same, and undo what is written."""
    monkeypatch.setattr(people, "serial", itertools.count(10**6))
    monkeypatch.setattr("secrets.randbelow", lambda limit: limit // 2)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany("SELECT setval(%s, %s)", known)
        yield
        transaction.set_rollback(True)


def compared(model: type[Model]) -> list[str]:
    """Return the columns that are the same each time: not salted, and not by the database's clock in new rows."""
    clock = {field.attname for field in model._meta.concrete_fields if isinstance(field.db_default, Now)}
    apart = {"password"} if model is MiniProgram else {"password", *clock}
    return [field.attname for field in model._meta.concrete_fields if field.attname not in apart]


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table."""
    return {model.__name__: list(model._default_manager.order_by("pk").values(*compared(model))) for model in COMPARED}


def by_verbs(program: MiniProgram, state: str) -> None:
    """Bring 1.2.0 of the program as far."""
    audit = actions.submit(factories.make_version(program, "1.2.0"), by=program.created_by)
    if state == "in_audit":
        return
    for decision in audit.decisions.select_related("application"):
        actions.decide(decision, approve=True, by=factories.make_reviewer(decision.application))
    if state == "online":
        actions.publish(audit.version, by=program.created_by)


MAKERS = {"in_audit": factories.make_audit, "approved": factories.make_approved, "online": factories.make_online}


@pytest.mark.parametrize("state", MAKERS)
@pytest.mark.parametrize("bound", [1, 2])
def test_a_version_is_as_the_verbs_leave_it(bound, state, db, monkeypatch):
    program = factories.make_program()
    for _ in range(bound):
        factories.make_binding(program)
    known = sequences()
    with time_machine.travel(timezone.now(), tick=False):
        with from_here(known, monkeypatch):
            by_verbs(program, state)
            expected = rows()
        with from_here(known, monkeypatch):
            MAKERS[state](program, "1.2.0")
            assert rows() == expected
    assert [row["state"] for row in expected["Version"]] == [state]
    assert len(expected["ReviewDecision"]) == bound


def test_who_is_asked_is_bound_when_nobody_was(db):
    program = factories.make_program()
    asked = factories.make_audit(program).decisions.get().application
    assert list(program.bindings.bound().applications()) == [asked]


def test_a_version_in_audit_by_somebody_else_is_theirs(db):
    program = factories.make_program()
    developer = factories.make_member(program.team, "developer")
    audit = factories.make_audit(program, by=developer)
    assert audit.submitted_by == audit.version.uploaded_by == developer


def test_what_is_made_knows_what_was_written(db):
    version = factories.make_online(factories.make_program())
    again = type(version).objects.select_related("mini_program").get(pk=version.pk)
    for made, read in ((version, again), (version.mini_program, again.mini_program)):
        assert [getattr(made, name) for name in compared(type(made))] == [
            getattr(read, name) for name in compared(type(read))
        ]
