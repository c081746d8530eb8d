"""No migration since the previous release breaks it while it is being replaced (docs/upgrading.md)."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from console.base.core.schema_changes import CONCURRENTLY, FILL, FIT, KEEP, NOT_VALID, REWRITE, RULE, UNIQUE, objections

# The last migration of each app in the previous release, tests/upgrade/previous.py; apps that it lacks are new.
PREVIOUS = {
    "accounts": "0002_notification_kinds",
    "activity": "0006_review_and_privacy_verbs",
    "device": "0003_trials_and_signing_keys",
    "devmgmt": "0002_log_entries",
    "grayscale": "0004_guardrail",
    "hosts": "0006_first_signing_keys",
    "keys": "0001_initial",
    "messaging": "0002_public_templates",
    "miniprograms": "0003_program_users",
    "privacy": "0002_append_only",
    "releases": "0003_trial_version",
    "reviews": "0001_initial",
}
# Migrations that may do it all the same, as “app.name”, each with its reason: what they remove has not been used by the
# code of any release that can still run, or the table that they block is small for ever (tests/scale/sizes.py).
ALLOWED: dict[str, str] = {
    "devmgmt.0003_grants_expire_and_are_asked_for_together": "unique indexes on 100,000 permissions, 30,000 exemptions",
    "devmgmt.0004_shared_queries": "a unique index on the queries that people saved, none of which is shared yet",
    "releases.0009_reports_asked_for_again": "a unique index of the reports not begun, found in one pass over 300,000",
}


def test_the_previous_release_lives_with_every_newer_migration() -> None:
    loader = MigrationLoader(None)
    known = {node for last in PREVIOUS.items() for node in loader.graph.forwards_plan(last)}
    newer = [(app, name) for app, name in plan(loader) if (app, name) not in known and is_ours(app)]
    state, created, found = loader.project_state([*PREVIOUS.items()]), set[tuple[str, str]](), []
    for app, name in newer:
        told = objections(loader.get_migration(app, name), state, created)
        found += [] if f"{app}.{name}" in ALLOWED else told
    assert found == [], "\n".join(["", *found, RULE, "An exception has its reason in ALLOWED, in this file."])
    assert ALLOWED.keys() <= {f"{app}.{name}" for app, name in newer}, "exceptions for what is not new any more"


def plan(loader: MigrationLoader) -> list[tuple[str, str]]:
    """All migrations in an order in which they can be applied."""
    found: dict[tuple[str, str], None] = {}
    for leaf in loader.graph.leaf_nodes():
        found |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    return list(found)


def is_ours(app: str) -> bool:
    """Whether an app is the console's own, not a library's."""
    return "site-packages" not in apps.get_app_config(app).path


OLD = models.CharField(max_length=20, null=True)
INDEX = models.Index(fields=["name"], name="thing_name")
ONCE = models.UniqueConstraint(fields=["name"], name="thing_once")
NAMED = models.CheckConstraint(condition=~models.Q(name=""), name="thing_named")


@pytest.mark.parametrize(
    ("operation", "objection"),
    [
        (migrations.AddField("thing", "size", models.IntegerField(default=1)), FILL),
        (migrations.AddField("thing", "size", models.IntegerField(default=1, db_default=1)), ""),
        (migrations.AddField("thing", "size", models.IntegerField(null=True)), ""),
        (migrations.AddField("thing", "friends", models.ManyToManyField("app.thing")), ""),
        (migrations.AlterField("thing", "name", models.CharField(max_length=20, default="")), FILL),
        (migrations.AlterField("thing", "name", models.CharField(max_length=20, db_default="")), FIT),
        (migrations.AlterField("thing", "name", models.CharField(max_length=10, null=True)), FIT),
        (migrations.AlterField("thing", "name", models.CharField(max_length=30, null=True)), ""),
        (migrations.AlterField("thing", "name", models.TextField(null=True)), ""),
        (migrations.AlterField("thing", "name", models.IntegerField(null=True)), REWRITE),
        (migrations.RemoveField("thing", "name"), KEEP),
        (migrations.RenameField("thing", "name", "title"), KEEP),
        (migrations.RenameModel("thing", "object"), KEEP),
        (migrations.DeleteModel("thing"), KEEP),
        (migrations.AddIndex("thing", INDEX), CONCURRENTLY),
        (AddIndexConcurrently("thing", INDEX), ""),
        (migrations.AddConstraint("thing", ONCE), UNIQUE),
        (migrations.SeparateDatabaseAndState(state_operations=[migrations.AddConstraint("thing", ONCE)]), ""),
        (migrations.AddConstraint("thing", NAMED), NOT_VALID),
        (AddConstraintNotValid("thing", NAMED), ""),
        (migrations.RemoveConstraint("thing", "thing_once"), ""),
        (migrations.SeparateDatabaseAndState([migrations.RemoveField("thing", "name")]), KEEP),
        (migrations.RunSQL("ALTER TABLE thing ADD COLUMN size numeric(5, 2) NOT NULL"), FILL),
        (migrations.RunSQL("ALTER TABLE thing ADD size int DEFAULT 1 NOT NULL, ADD more int"), ""),
        (migrations.RunSQL("ALTER TABLE thing ADD a int DEFAULT 1, ADD b int NOT NULL"), FILL),
        (migrations.RunSQL("alter table thing alter name set not null"), FILL),
        (migrations.RunSQL("ALTER TABLE thing ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID"), ""),
        (migrations.RunSQL([("ALTER TABLE thing DROP COLUMN name", None)]), KEEP),
        (migrations.RunSQL("-- DROP TABLE thing\nSELECT 1"), ""),
        (migrations.RunSQL("CREATE INDEX thing_name ON thing (name)"), CONCURRENTLY),
        (migrations.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY thing_name ON thing (name)"), ""),
        (migrations.RunSQL("ALTER TABLE thing ADD CONSTRAINT thing_once UNIQUE (name)"), UNIQUE),
        (migrations.RunSQL("ALTER TABLE thing ADD CONSTRAINT thing_once UNIQUE USING INDEX thing_name"), ""),
        (migrations.RunSQL(migrations.RunSQL.noop), ""),
    ],
)
def test_what_a_migration_may_do(operation: Operation, objection: str) -> None:
    state = ProjectState()
    state.add_model(ModelState("app", "Thing", [("id", models.BigAutoField(primary_key=True)), ("name", OLD)]))
    told = objections(migration(operation), state, set())
    assert [one.rpartition(": ")[0].split(":")[0] for one in told] == (["app.0002_next"] if objection else [])
    assert "".join(told).endswith(objection)


def test_a_table_that_the_previous_release_lacks_may_have_anything() -> None:
    size = models.IntegerField(default=1)
    made = migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True)), ("name", OLD)])
    created: set[tuple[str, str]] = set()
    state = ProjectState()
    assert objections(migration(made, migrations.AddField("other", "size", size)), state, created) == []
    assert objections(migration(migrations.AddIndex("other", INDEX)), state, created) == []
    assert objections(migration(migrations.AddConstraint("other", ONCE)), state, created) == []
    assert objections(migration(migrations.RemoveField("other", "name")), state, created) == []


def migration(*operations: Operation) -> Migration:
    """A migration with these operations."""
    made = Migration("0002_next", "app")
    made.operations = [*operations]
    return made
