"""Whether an invitation to a team was made for reviewing alone, and ends with it (P-11)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hosts", "0008_reviewer_invitations")]

    operations = [
        migrations.AddField(
            model_name="reviewerinvitation",
            name="began",
            field=models.BooleanField(
                db_default=False, help_text="the person is invited to the team for reviewing alone"
            ),
        ),
    ]
