"""Since when an application requires installation proof, and for what (R-9)."""

from django.db import migrations, models


def since(about: str) -> models.DateTimeField:
    """Return a column: empty while nothing is required."""
    return models.DateTimeField(null=True, help_text=f"since when {about} need an installation proof")


class Migration(migrations.Migration):
    dependencies = [("hosts", "0006_first_signing_keys")]

    operations = [
        migrations.AddField("hostapplication", "places_proved_since", since("new places in grayscale tasks")),
        migrations.AddField("hostapplication", "consents_proved_since", since("consents")),
        migrations.AddField("hostapplication", "reports_proved_since", since("update reports")),
        migrations.AddField("hostapplication", "logs_proved_since", since("logs")),
        migrations.AddField(
            "hostapplication",
            "proof_series",
            models.PositiveIntegerField(db_default=1, help_text="tokens of earlier series are void"),
        ),
    ]
