"""Findings of reports that developers settled, by what they are known by in later reports."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("miniprograms", "0004_last_change_is_an_event"),
        ("releases", "0005_source_maps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SettledFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("sha256", models.CharField(max_length=64)),
                ("hint", models.CharField(max_length=10)),
                ("path", models.CharField(max_length=1024)),
                ("reason", models.CharField(max_length=200)),
                ("settled_at", models.DateTimeField()),
                ("until", models.DateField(help_text="the last day, in the console's own time zone", null=True)),
                ("mini_program", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="settled_findings", to="miniprograms.miniprogram")),
                ("settled_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("mini_program", "sha256"), name="settled_finding_once")],
            },
        ),
    ]
