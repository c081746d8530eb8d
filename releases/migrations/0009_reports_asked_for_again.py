"""While a report is being written, another one may wait for its turn: at most one has not been begun."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("releases", "0008_versions_by_time")]

    operations = [
        migrations.RemoveConstraint(model_name="report", name="report_to_write_once"),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                condition=models.Q(("failed", False), ("tries", 0), ("written_at", None)),
                fields=("version", "audit"),
                name="report_to_begin_once",
                nulls_distinct=False,
            ),
        ),
    ]
