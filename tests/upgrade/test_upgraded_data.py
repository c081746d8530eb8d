"""What the previous release has written is read by this one."""

from __future__ import annotations

import json
from pathlib import Path

from console import secret_key
from console.local.addresses import PROJECT
from tests.upgrade.previous import SCRIPTS, empty_database, run

PASSWORD = "all old data 4711"
SECRETS = """
import django, json; django.setup()
from console.base.hosts.models import ServerSecret, SigningKey
from console.base.core.sealing import unseal
rows = [*ServerSecret.objects.all(), *SigningKey.objects.all()]
print(json.dumps([len(unseal(row.sealed)) > 0 for row in rows]))
"""


def test_every_page_shows_what_the_previous_release_wrote(previous: Path, tmp_path: Path) -> None:
    folders = {f"{name}_ROOT": str(tmp_path / name.lower()) for name in ("MEDIA", "PACKAGE")}
    folders["CONSOLE_LOCAL_DIR"] = str(tmp_path)
    with empty_database() as url:
        here = {"DATABASE_URL": url, **folders}
        # As `make run` did: by the key that everybody can read. This release makes one of its own beside the data.
        then = {**here, "SECRET_KEY": secret_key.KNOWN}
        run(previous, "manage.py", "migrate", "--verbosity=0", **then)
        run(previous, "manage.py", "demo", "--password", PASSWORD, **then)
        here["SECRET_KEY"] = ""
        run(PROJECT, "manage.py", "migrate", "--verbosity=0", **here)
        opened = json.loads(run(PROJECT, "-c", SECRETS, **here))
        told = json.loads(run(PROJECT, str(SCRIPTS / "crawl.py"), PASSWORD, **here).splitlines()[-1])
    assert len((tmp_path / secret_key.FILE).read_text()) > secret_key.SHORTEST
    assert opened
    assert all(opened)
    assert told["wrong"] == []
    assert len(told["seen"]) > 100, sorted(told["seen"])
