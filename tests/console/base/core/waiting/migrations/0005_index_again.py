"""An index whose build may have been interrupted."""

from django.db import migrations, models

from console.base.core.indexes import AddIndexRepeatably


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("core", "0004_two_tables")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    "Thing", [("id", models.IntegerField(primary_key=True))], {"db_table": "waiting_thing"}
                )
            ]
        ),
        AddIndexRepeatably("thing", models.Index(fields=["id"], name="waiting_thing_again")),
    ]
