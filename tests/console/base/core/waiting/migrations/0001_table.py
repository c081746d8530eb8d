"""A table that others use."""

from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL(f"CREATE TABLE waiting_{name} (id int)", f"DROP TABLE waiting_{name}")
        for name in ("thing", "other")
    ]
