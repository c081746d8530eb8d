"""Finds entries of one kind among the many of an application.

Without a transaction: nobody who writes entries waits while the index is built.
"""

from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("activity", "0010_program_verb")]

    operations = [
        AddIndexRepeatably(
            model_name="activityentry",
            index=models.Index(fields=["application_id", "verb", "-id"], name="activity_app_verb"),
        ),
    ]
