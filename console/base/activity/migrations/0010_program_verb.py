"""Finds entries of one kind among the many of a mini program.

Without a transaction: nobody who writes entries waits while the index is built.
"""

from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("activity", "0009_retention_places")]

    operations = [
        AddIndexRepeatably(
            model_name="activityentry",
            index=models.Index(fields=["mini_program_id", "verb", "-id"], name="activity_program_verb"),
        ),
    ]
