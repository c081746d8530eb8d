from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Saved queries that a team shares; those that are there stay their person's alone.

    The previous release knows nothing of it: to its code, all are the person's own.
    """

    dependencies = [
        ("devmgmt", "0003_grants_expire_and_are_asked_for_together"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("savedquery", "is_shared", models.BooleanField(db_default=False)),
        migrations.AddConstraint(
            "savedquery",
            models.UniqueConstraint(
                condition=models.Q(("is_shared", True)),
                fields=("mini_program", "name"),
                name="saved_query_shared_once",
            ),
        ),
    ]
