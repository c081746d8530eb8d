"""Lets a retention run go on behind what is kept among old rows, instead of reading it anew each time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activity", "0008_verb_without_choices")]

    operations = [
        migrations.AddField(
            model_name="retentionrun",
            name="pass_began_at",
            field=models.DateTimeField(help_text="when that began, from the first row on", null=True),
        ),
        migrations.AddField(
            model_name="retentionrun",
            name="passed",
            field=models.BigIntegerField(db_default=0, help_text="up to which id rows were looked through, see Place"),
        ),
    ]
