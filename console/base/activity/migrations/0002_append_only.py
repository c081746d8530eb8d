from django.db import migrations

from console.base.core.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("activity", "0001_initial")]

    operations = [append_only("activity_activityentry")]
