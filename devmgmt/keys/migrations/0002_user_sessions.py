"""The last session of each user, whose key a mini program's server may check."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("keys", "0001_initial"), ("miniprograms", "0003_program_users")]

    operations = [
        migrations.CreateModel(
            name="UserSession",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="session",
                        serialize=False,
                        to="miniprograms.programuser",
                    ),
                ),
                ("nonce", models.CharField(max_length=32)),
                ("started_at", models.DateTimeField()),
            ],
        ),
    ]
