"""Wants two tables for itself, the second one when somebody waits for the first."""

from django.db import migrations

SOMEBODY_WAITS = """
DO $$ BEGIN
    FOR turn IN 1..600 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'waiting_other'::regclass)
            OR NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'somebody' AND xact_start IS NOT NULL);
        PERFORM pg_sleep(0.05);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0003_index")]
    operations = [
        migrations.RunSQL("LOCK TABLE waiting_other", migrations.RunSQL.noop),
        migrations.RunSQL(SOMEBODY_WAITS, migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE waiting_thing ADD COLUMN weight int", "ALTER TABLE waiting_thing DROP COLUMN weight"
        ),
    ]
