"""The version of an IDE download has the digits 0 to 9 only; changes no table."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("miniprograms", "0006_server_robot")]

    operations = [
        migrations.AlterField(
            model_name="idedownload",
            name="version",
            field=models.CharField(
                max_length=20,
                validators=[
                    django.core.validators.RegexValidator("^[0-9]+(\\.[0-9]+){0,3}$", "Digits and dots: 3.8.1")
                ],
                verbose_name="version",
            ),
        ),
    ]
