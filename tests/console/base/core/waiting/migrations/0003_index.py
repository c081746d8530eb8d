"""Waits for users of the table without blocking others."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("core", "0002_column")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY waiting_thing_id ON waiting_thing (id)",
            "DROP INDEX waiting_thing_id",
        )
    ]
