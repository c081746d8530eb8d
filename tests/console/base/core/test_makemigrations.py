"""`manage.py makemigrations`: does not write what would break the previous release, and says the rule."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from console.base.core.schema_changes import FILL, RULE

pytestmark = pytest.mark.django_db
EARLIER = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "{last}")]
    operations = [migrations.RemoveField("{model}", "{field}")]
"""


def migrations_without(model: str, field: str, folder: Path) -> Path:
    """Copy the migrations of accounts to a folder as if the model had never had the field: makemigrations adds it."""
    package = folder / f"accounts_without_{field}"
    shutil.copytree(Path(apps.get_app_config("accounts").path) / "migrations", package)
    last = max(file.stem for file in package.glob("0*.py"))
    (package / "9000_earlier.py").write_text(EARLIER.format(last=last, model=model, field=field))
    return package


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is imported from."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("accounts_without_")]:
        del sys.modules[name]


def make(settings: Any, package: Path, *options: str) -> str:
    """Run the command for accounts and return what it says."""
    settings.MIGRATION_MODULES = {"accounts": package.name}
    out = StringIO()
    call_command("makemigrations", "accounts", "--name=next", "--no-input", *options, stdout=out)
    return out.getvalue()


def test_a_column_that_old_code_would_not_fill_is_not_written(folder: Path, settings: Any) -> None:
    package = migrations_without("notification", "email_tries", folder)
    with pytest.raises(CommandError) as caught:
        make(settings, package)
    assert str(caught.value).splitlines() == [
        "No migration was written.",
        f"accounts.9001_next: Add field email_tries to notification: {FILL}",
        RULE,
    ]
    assert not (package / "9001_next.py").exists()

    told = make(settings, package, "--old-code-is-gone")
    assert FILL in told and RULE in told
    assert (package / "9001_next.py").exists()


def test_the_rule_is_said_beside_every_other(folder: Path, settings: Any) -> None:
    package = migrations_without("notification", "by_email", folder)
    assert make(settings, package).endswith(f"{RULE}\n")
    assert "db_default=True" in (package / "9001_next.py").read_text()
