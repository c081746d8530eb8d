"""What was found in the one upload of a package becomes the findings of its version.

Of a package that several versions share nobody knows whose they are: they are shown no more. A thousand versions at a
time, each time committed, so that nobody waits; run again, it goes on.
"""

from django.db import migrations
from django.db.models import Max

BATCH = 1000
FILL = """
    UPDATE releases_version AS version SET findings = package.warnings
    FROM releases_package AS package
    WHERE version.id BETWEEN %s AND %s AND version.findings = '[]'
        AND package.id = version.package_id AND package.warnings <> '[]'
        AND NOT EXISTS (
            SELECT FROM releases_version AS other WHERE other.package_id = package.id AND other.id <> version.id
        )
"""


def fill(apps, schema_editor):
    """Go through all versions by their ids."""
    last = apps.get_model("releases", "Version").objects.aggregate(last=Max("pk"))["last"] or 0
    with schema_editor.connection.cursor() as cursor:
        for first in range(1, last + 1, BATCH):
            cursor.execute(FILL, [first, first + BATCH - 1])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("releases", "0010_findings_of_versions")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
