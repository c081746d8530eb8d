"""Keeps how large tables and files were, once a day, so that their growth can be told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("platform", "0002_backup")]

    operations = [
        migrations.CreateModel(
            name="SizeSample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("taken_at", models.DateTimeField(db_index=True)),
                ("tables", models.JSONField(help_text="table → [rows, bytes with indexes]")),
                ("files", models.JSONField(db_default={}, default=dict, help_text="what → [files, bytes]")),
            ],
        ),
    ]
