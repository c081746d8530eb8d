"""What devices report comes here from the app of grayscale tasks; the tables stay where they are, under their names."""

import django.db.models.deletion
from django.db import migrations, models


def of(to: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=to,
    )


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("grayscale", "0006_enrolments_deleted"),
        ("hosts", "0001_initial"),
        ("miniprograms", "0001_initial"),
        ("releases", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="SeenDevice",
                    fields=[
                        ("pk", models.CompositePrimaryKey("mini_program_id", "guid", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("guid", models.CharField(max_length=32)),
                        ("device_id", models.CharField(blank=True, max_length=128)),
                        ("account", models.CharField(blank=True, max_length=128)),
                        ("platform", models.CharField(max_length=10)),
                        ("os_version", models.CharField(max_length=40)),
                        ("app_version", models.CharField(max_length=40)),
                        ("network", models.CharField(max_length=10)),
                        ("seen_at", models.DateTimeField()),
                        ("application", of("hosts.hostapplication")),
                        ("mini_program", of("miniprograms.miniprogram")),
                    ],
                    options={
                        "db_table": "grayscale_seendevice",
                        "indexes": [models.Index(fields=["mini_program", "-seen_at"], name="grayscale_seen_newest")],
                    },
                ),
                migrations.CreateModel(
                    name="UpdateReport",
                    fields=[
                        ("pk", models.CompositePrimaryKey("version_id", "guid", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("guid", models.CharField(max_length=32)),
                        ("result", models.CharField(choices=[("installed", "Installed"), ("failed", "Failed")], max_length=10)),
                        ("failures", models.PositiveIntegerField(default=0)),
                        ("reason", models.CharField(blank=True, max_length=200)),
                        ("reported_at", models.DateTimeField()),
                        ("application", of("hosts.hostapplication")),
                        ("version", of("releases.version")),
                    ],
                    options={
                        "db_table": "grayscale_updatereport",
                        "indexes": [models.Index(fields=["version", "reported_at"], name="grayscale_report_time")],
                        "constraints": [models.CheckConstraint(condition=models.Q(("result__in", ["installed", "failed"])), name="grayscale_report_result_known")],
                    },
                ),
            ],
        ),
    ]
