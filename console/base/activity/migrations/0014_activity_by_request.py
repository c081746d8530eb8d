"""Finds the entries of a request; nobody waits while it is built."""

from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("activity", "0013_request_id")]

    operations = [
        AddIndexRepeatably(
            model_name="activityentry",
            index=models.Index(
                condition=models.Q(("request_id", ""), _negated=True), fields=["request_id"], name="activity_by_request"
            ),
        ),
    ]
