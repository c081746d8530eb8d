"""Notifications about the console itself. The new constraints allow more than the old ones: no row has to be read."""

from django.db import migrations, models

KINDS = [
    ("review", "Requests that wait for my decision"),
    ("decision", "Decisions on what I asked for"),
    ("release", "Publishing and rolling back in my teams"),
    ("grayscale", "Grayscale tasks that move by themselves"),
    ("messages", "Subscription messages that were stopped"),
    ("keys", "Secrets and keys"),
    ("people", "Teams, roles and invitations"),
    ("platform", "Parts of the console that stopped working"),
]
KNOWN = models.Q(kind__in=[value for value, _label in KINDS])
REPLACE = """
    ALTER TABLE {table} DROP CONSTRAINT {name},
        ADD CONSTRAINT {name} CHECK (kind IN ({kinds})) NOT VALID
"""


def replaced(model, name):
    """Return the operation that puts the wider constraint in place of the old one."""
    kinds = ", ".join(f"'{value}'" for value, _label in KINDS)
    table = f"accounts_{model}"
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(REPLACE.format(table=table, name=name, kinds=kinds), migrations.RunSQL.noop)
        ],
        state_operations=[
            migrations.AlterField(model, "kind", models.CharField(max_length=20, choices=KINDS)),
            migrations.RemoveConstraint(model, name),
            migrations.AddConstraint(model, models.CheckConstraint(condition=KNOWN, name=name)),
        ],
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_notification_kinds")]

    operations = [
        replaced("notification", "notification_kind_known"),
        replaced("notificationchoice", "notification_choice_kind_known"),
    ]
