"""A table that others use."""

from django.db import migrations


class Migration(migrations.Migration):
    operations = [migrations.RunSQL("CREATE TABLE waiting_thing (id int)", "DROP TABLE waiting_thing")]
