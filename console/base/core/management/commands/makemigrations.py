"""`manage.py makemigrations`: Django's, which does not write what would break a rolling deploy."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import makemigrations
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from console.base.core.schema_changes import RULE, objections


class Command(makemigrations.Command):
    """Says the rule where a migration is written, and refuses what it can see to be against it."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare Django's options and the way around."""
        super().add_arguments(parser)
        parser.add_argument(
            "--old-code-is-gone",
            action="store_true",
            help="write the migration anyway: no release that can still run uses what it changes",
        )

    def handle(self, *app_labels: str, **options: Any) -> None:
        """Make migrations."""
        self.old_code_is_gone = options.pop("old_code_is_gone")
        super().handle(*app_labels, **options)

    def write_migration_files(
        self, changes: dict[str, list[Migration]], update_previous_migration_paths: dict[str, str] | None = None
    ) -> None:
        """Write them, or nothing; raises CommandError with every objection."""
        loader, found, created = MigrationLoader(None), [], set[tuple[str, str]]()
        state = loader.project_state()
        for app_label, migrations in changes.items():
            if update_previous_migration_paths:  # The last migration is written anew: it starts from what was before.
                state = loader.project_state(loader.graph.leaf_nodes(app_label), at_end=False)
            for migration in migrations:
                found += objections(migration, state, created)
        if found and not self.old_code_is_gone:
            raise CommandError("\n".join(["No migration was written.", *found, RULE]))
        super().write_migration_files(changes, update_previous_migration_paths)
        self.log(self.style.WARNING("\n".join([*found, RULE])))
