"""Who created a robot's token, or replaced it; `automation.0005_token_makers` fills it."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_last_sent_at")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="token_makers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                db_default=models.Value(
                    [], django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)
                ),
                default=list,
                editable=False,
                help_text="of a robot: ids of who created or replaced its token, the newest last",
                size=None,
            ),
        ),
    ]
