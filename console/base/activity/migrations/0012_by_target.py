"""Finds the entries of one task or message among the many of its mini program.

Without a transaction: nobody who writes entries waits while the index is built.
"""

from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("activity", "0011_app_verb")]

    operations = [
        AddIndexRepeatably(
            model_name="activityentry",
            index=models.Index(fields=["target_type", "target_id", "-id"], name="activity_by_target"),
        ),
    ]
