"""The model of reports moves to the app of versions; its table stays where it is, under its name."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("reviews", "0001_initial"),
        ("releases", "0004_report"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="Report")]),
    ]
