"""The trigger on grayscale tasks names what no answer depends on, instead of what matters.

So a new column is noted unless somebody says that it does not matter: forgetting costs a look, never a stale answer.
"""

from importlib import import_module

from django.db import migrations

before = import_module("console.api.device.migrations.0002_grayscale_tasks")

# How a task is called, how many it may reach (its shards know), the guardrail, and what only pages show.
OTHER = [
    *("name", "user_limit", "guard_rate", "guard_points", "guard_devices", "guard_seen", "guard_looked_at"),
    *("state_reason", "state_since", "revision", "created_by_id", "enrolments_deleted_at"),
]
TABLE = "grayscale_grayscaletask"
# Replaced in one step: no change can fall between two triggers.
CHANGES = before.CHANGES.replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER")
COLUMNS = f"'{{{','.join(OTHER)}}}'::text[]"
WHEN = f"WHEN (to_jsonb(OLD) - {COLUMNS} IS DISTINCT FROM to_jsonb(NEW) - {COLUMNS})"
WHEN_BEFORE = f"WHEN ({' OR '.join(f'OLD.{column} IS DISTINCT FROM NEW.{column}' for column in before.TASK)})"


class Migration(migrations.Migration):
    dependencies = [("device", "0003_trials_and_signing_keys"), ("grayscale", "0006_enrolments_deleted")]

    operations = [
        migrations.RunSQL(
            sql=CHANGES.format(table=TABLE, call=before.NOTE_PROGRAM, when=WHEN),
            reverse_sql=CHANGES.format(table=TABLE, call=before.NOTE_PROGRAM, when=WHEN_BEFORE),
        )
    ]
