"""The index of the list and of the count of unread ones holds what is shown in the console alone.

Without a transaction: nobody who writes notifications waits while the new index is built, and the old one serves until
it is there.
"""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0006_notifications_read_to")]

    operations = [
        AddIndexRepeatably(
            model_name="notification",
            index=models.Index(
                fields=["user", "-id"], condition=models.Q(in_console=True), name="notification_shown"
            ),
        ),
        RemoveIndexConcurrently(model_name="notification", name="notification_by_user"),
    ]
