"""What the package reader found belongs to a version, not to its package, which versions of others may share."""

from django.db import migrations, models

NONE = models.Value([], models.JSONField())


class Migration(migrations.Migration):
    dependencies = [("releases", "0009_reports_asked_for_again")]

    operations = [
        migrations.AddField(
            model_name="version",
            name="findings",
            field=models.JSONField(
                db_default=NONE,
                default=list,
                help_text="what was no reason to refuse this upload: codes and parameters",
            ),
        ),
        migrations.AlterField(
            model_name="package",
            name="warnings",
            field=models.JSONField(db_default=NONE, default=list, help_text="of earlier releases, read by them only"),
        ),
    ]
