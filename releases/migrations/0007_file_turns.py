"""Turns at files of packages, which are written and deleted outside of transactions."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("releases", "0006_settled_findings")]

    operations = [
        migrations.CreateModel(
            name="FileTurn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.CharField(db_index=True, max_length=64)),
                ("deletes", models.BooleanField(db_default=False)),
                ("until", models.DateTimeField()),
            ],
        ),
    ]
