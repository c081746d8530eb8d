"""What an application requires is noted when it changes; what the guardrail left out is not."""

from importlib import import_module

from django.db import migrations

tasks = import_module("console.api.device.migrations.0002_grayscale_tasks")
before = import_module("console.api.device.migrations.0004_task_columns")

TABLE = "hosts_hostapplication"
PROOFS = ["places_proved_since", "consents_proved_since", "reports_proved_since", "logs_proved_since", "proof_series"]
NOTE_APPLICATION = "EXECUTE FUNCTION device_note_change('application_id', 'id')"
IGNORED = f"'{{{','.join([*before.OTHER, 'guard_left_out'])}}}'::text[]"


def changed(columns: list[str]) -> str:
    """Return the trigger's condition."""
    return f"WHEN ({' OR '.join(f'OLD.{column} IS DISTINCT FROM NEW.{column}' for column in columns)})"


class Migration(migrations.Migration):
    dependencies = [("device", "0004_task_columns"), ("grayscale", "0008_signals"), ("hosts", "0007_proofs")]

    operations = [
        migrations.RunSQL(
            sql=before.CHANGES.format(
                table=TABLE, call=NOTE_APPLICATION, when=changed(["application_id", *PROOFS])
            ),
            reverse_sql=before.CHANGES.format(table=TABLE, call=NOTE_APPLICATION, when=changed(["application_id"])),
        ),
        migrations.RunSQL(
            sql=before.CHANGES.format(
                table=before.TABLE,
                call=tasks.NOTE_PROGRAM,
                when=f"WHEN (to_jsonb(OLD) - {IGNORED} IS DISTINCT FROM to_jsonb(NEW) - {IGNORED})",
            ),
            reverse_sql=before.CHANGES.format(table=before.TABLE, call=tasks.NOTE_PROGRAM, when=before.WHEN),
        ),
    ]
