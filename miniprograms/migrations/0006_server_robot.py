"""Who acts when a mini program's server does: found by the program, not by an address."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("miniprograms", "0005_words"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="miniprogram",
            name="server_robot",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                help_text="who acts when the program's server does; empty until then",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
