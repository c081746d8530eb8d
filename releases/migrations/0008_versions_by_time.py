"""Finds the newest versions of a program among its thousands, for scripts that list them.

Without a transaction: nobody who uploads waits while the index is built.
"""

from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("releases", "0007_file_turns")]

    operations = [
        AddIndexRepeatably(
            model_name="version",
            index=models.Index(fields=["mini_program", "-uploaded_at", "-id"], name="version_by_time"),
        ),
    ]
