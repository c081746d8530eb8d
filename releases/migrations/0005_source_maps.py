"""Source maps are kept beside the packages, and a version names those that it was uploaded with (V-5)."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import releases.models
from console.base.core.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("releases", "0004_report")]

    operations = [
        migrations.CreateModel(
            name="SourceMaps",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, unique=True)),
                (
                    "file",
                    models.FileField(
                        max_length=120,
                        storage=releases.models.package_storage,
                        upload_to=releases.models.source_maps_path,
                    ),
                ),
                ("size", models.PositiveBigIntegerField(help_text="bytes")),
                ("files", models.JSONField(help_text="[path, bytes, sha256] of each map, sorted by path")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"verbose_name_plural": "source maps"},
        ),
        append_only("releases_sourcemaps"),
        migrations.AddField(
            model_name="version",
            name="source_maps",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="releases.sourcemaps",
            ),
        ),
    ]
