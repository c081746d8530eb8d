"""One number instead of a moment in each row says what a person has read.

Who has read all but the newest starts where the first unread one is. Processes of the previous release still write
`read_at` while they run, and it still counts.
"""

from django.db import migrations, models

FILL = """
    UPDATE accounts_user SET notifications_read_to = found.read_to
    FROM (
        SELECT user_id, coalesce(min(id) FILTER (WHERE in_console AND read_at IS NULL) - 1, max(id)) AS read_to
        FROM accounts_notification GROUP BY user_id
    ) AS found
    WHERE found.user_id = accounts_user.id AND found.read_to > 0
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_outgoing_mail")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="notifications_read_to",
            field=models.BigIntegerField(
                db_default=0, help_text="the highest id among the notifications that were marked as read"
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="read_at",
            field=models.DateTimeField(null=True, help_text="not written any more: see User.notifications_read_to"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
