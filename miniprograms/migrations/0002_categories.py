"""The categories to begin with; operators change them in Django's admin."""

from django.db import migrations

NAMES = [
    "Transport",
    "Travel and hotels",
    "Shopping",
    "Food and drink",
    "Finance",
    "Government",
    "Medical care",
    "Education",
    "News and media",
    "Entertainment",
    "Sports and health",
    "Social",
    "Business services",
    "Property and home",
    "Tools",
    "Other",
]


def add(apps, schema_editor):
    Category = apps.get_model("miniprograms", "Category")
    for position, name in enumerate(NAMES, start=1):
        Category.objects.get_or_create(name=name, defaults={"position": position * 10})


class Migration(migrations.Migration):

    dependencies = [("miniprograms", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
