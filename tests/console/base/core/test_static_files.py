"""Static files as production serves them."""

import json
from pathlib import Path

from django.core.management import call_command


def test_every_file_gets_a_name_by_its_content(settings, tmp_path: Path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "console.base.core.storage.ManifestStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    for file in ("console/console.css", "console/js/console.js", "vendor/tabler/tabler.min.css"):
        assert (tmp_path / names[file]).exists()
        assert names[file] != file
    assert [name for name in names if "htmx/ext/" in name] == []
