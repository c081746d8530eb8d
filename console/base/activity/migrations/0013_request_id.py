"""Which request, or job, an entry is of: the same id as in the logs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activity", "0012_by_target")]

    operations = [
        migrations.AddField(
            model_name="activityentry",
            name="request_id",
            field=models.CharField(
                blank=True, db_default="", help_text="of the request, or the job, that did it", max_length=64
            ),
        ),
    ]
