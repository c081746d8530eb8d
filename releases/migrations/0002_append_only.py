from django.db import migrations

from console.base.core.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("releases", "0001_initial")]

    operations = [append_only("releases_release"), append_only("releases_package")]
