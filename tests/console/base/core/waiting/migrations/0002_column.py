"""Wants the table for itself, for a moment."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0001_table")]
    operations = [
        migrations.RunSQL("ALTER TABLE waiting_thing ADD COLUMN size int", "ALTER TABLE waiting_thing DROP COLUMN size")
    ]
