from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grayscale", "0005_shorter_wait")]

    operations = [
        migrations.AddField(
            model_name="grayscaletask",
            name="enrolments_deleted_at",
            field=models.DateTimeField(null=True, help_text="from then on not all of its claims are there"),
        ),
    ]
