"""How many devices the guardrail left out (G-17)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grayscale", "0007_field_moves")]

    operations = [
        migrations.AddField(
            model_name="grayscaletask",
            name="guard_left_out",
            field=models.PositiveIntegerField(help_text="devices that it left out then (G-17)", null=True),
        ),
    ]
