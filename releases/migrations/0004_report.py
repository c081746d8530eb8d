"""Reports come to the app of versions; the table stays where it is, under its name."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TO_WRITE = models.Q(("failed", False), ("written_at", None))


class Migration(migrations.Migration):

    dependencies = [
        ("releases", "0003_trial_version"),
        ("reviews", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Report",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("requested_at", models.DateTimeField()),
                        ("content", models.JSONField(null=True)),
                        ("written_at", models.DateTimeField(null=True)),
                        ("failed", models.BooleanField(default=False)),
                        ("tries", models.PositiveSmallIntegerField(default=0)),
                        ("next_at", models.DateTimeField(help_text="not tried again before", null=True)),
                        ("audit", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="releases.audit")),
                        ("requested_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("version", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="releases.version")),
                    ],
                    options={
                        "db_table": "reviews_report",
                        "ordering": ["-id"],
                        "indexes": [models.Index(condition=TO_WRITE, fields=["id"], name="report_to_write")],
                        "constraints": [
                            models.UniqueConstraint(condition=TO_WRITE, fields=("version", "audit"), name="report_to_write_once", nulls_distinct=False),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("content", None), ("written_at", None)),
                                    models.Q(("content__isnull", False), ("written_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="report_written_at",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("failed", False), ("written_at", None), _connector="OR"),
                                name="report_failed_or_written",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
