"""What devices report moves to an app of its own; the tables stay where they are, under their names."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("grayscale", "0006_enrolments_deleted"),
        ("field", "0001_field"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name="SeenDevice"),
                migrations.DeleteModel(name="UpdateReport"),
            ],
        ),
    ]
