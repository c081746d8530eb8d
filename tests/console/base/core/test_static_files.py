"""Static files as production serves them."""

import gzip
import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command

from console.base.core import assets
from console.base.core.apps import assets_are_current
from console.base.core.templatetags.console import module
from console.local.management.commands import up


def test_every_file_gets_a_name_by_its_content_and_is_compressed(settings, tmp_path: Path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    for file in ("console/frame.css", "console/js/console.js", "console/js/theme.js"):
        assert names[file] != file
        served = tmp_path / names[file]
        assert gzip.decompress(served.with_name(f"{served.name}.gz").read_bytes()) == served.read_bytes()
    font = Path(names["console/fonts/inter-latin-wght-normal.woff2"]).name
    assert font in (tmp_path / names["console/frame.css"]).read_text()
    # What is built holds what it was built of; nothing else of a package is served.
    others = ("vendor/", "django_htmx/", "console/console.css", "console/js/frame.js")
    assert [name for name in names if name.startswith(others)] == []


def test_scripts_let_styles_come_first():
    """On a slow line both would share it, and nothing is drawn before the styles have come."""
    texts = {file: file.read_text() for file in (assets.ROOT / "templates").rglob("*.html")}
    assert 'fetchpriority="low"' in module("logs")
    assert [file.name for file, text in texts.items() if 'type="module"' in text] == []  # {% module %} writes it.
    begun = [file.name for file, text in texts.items() if "js/theme.js" in text.partition("console/frame.css")[0]]
    assert begun == []


def test_every_variable_that_is_read_is_there():
    built = "".join(
        file.read_text() for file in (assets.BUILT / "console").rglob("*") if file.suffix in (".css", ".js")
    )
    whole = (assets.ROOT / "node_modules/@tabler/core/dist/css/tabler.min.css").read_text()
    of_all = "".join(re.findall(r":root[^{}]*\{([^{}]*)\}", whole))
    known = {*re.findall(r"(--tblr-[\w-]+):", of_all)}
    assert {*re.findall(r"var\((--tblr-[\w-]+)", built)} & known - {*re.findall(r"(--tblr-[\w-]+):", built)} == set()


def test_what_is_older_than_its_source_is_said_and_built_anew(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(assets, "BUILT", tmp_path / "built")
    monkeypatch.setattr(assets, "STAMP", tmp_path / "built.stamp")
    source = tmp_path / "page.html"
    source.write_text("<p>")
    monkeypatch.setattr(assets, "sources", lambda: iter(tmp_path.glob("*.html")))

    def said() -> list[str | None]:
        return [message.id for message in assets_are_current()]

    assert said() == ["console.E001"]
    assets.build()
    assert said() == []
    os.utime(source, (assets.STAMP.stat().st_mtime + 1,) * 2)  # as a copy has it
    assert said() == []
    source.write_text("<b>")
    assert said() == ["console.W001"]
    source.write_text("<p>")
    other = tmp_path / "other.html"
    other.touch()
    assert said() == ["console.W001"]
    other.unlink()
    assert said() == []
    source.unlink()
    assert said() == ["console.W001"]
    shutil.rmtree(tmp_path / "built" / "console")
    assets.build()
    assert (tmp_path / "built" / "console" / "frame.css").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"built", "built.removed.json", "built.stamp"}


def test_a_build_that_hangs_is_said(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(assets, "BUILT", tmp_path / "built")
    monkeypatch.setattr(assets, "STAMP", tmp_path / "built.stamp")
    monkeypatch.setattr(assets, "SECONDS", 0)
    with pytest.raises(assets.BuildError, match="took over 0 seconds"):
        assets.build()
    assert not assets.are_current()


def test_up_goes_on_with_an_older_build_where_node_is_missing(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(assets, "BUILT", tmp_path / "built")
    monkeypatch.setattr(assets, "STAMP", tmp_path / "built.stamp")
    monkeypatch.setattr(assets, "NODE_OF_WHEEL", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = io.StringIO()
    with pytest.raises(assets.NoNodeError):
        up.Command(stdout=said).build_assets()
    assets.BUILT.mkdir()
    up.Command(stdout=said).build_assets()
    assert "To build them: make assets" in said.getvalue()
