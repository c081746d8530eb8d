"""Finds the sessions that have ended, which retention deletes.

Without a transaction: nobody who signs in waits while the index is built.
"""

from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("keys", "0002_user_sessions")]

    operations = [
        AddIndexRepeatably(
            model_name="usersession",
            index=models.Index(fields=["started_at"], name="user_session_started"),
        ),
    ]
