"""With which roles a kept answer was given: who has lost one does not read it (P-3)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("automation", "0005_token_makers")]

    operations = [
        migrations.AddField(
            model_name="keptanswer",
            name="roles",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="SHA-256 of its holder's roles; empty: any",
                max_length=64,
            ),
        ),
    ]
