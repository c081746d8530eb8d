"""What the previous release has written is read by this one."""

from __future__ import annotations

import json
from pathlib import Path

from console.local.addresses import PROJECT
from tests.upgrade.previous import SCRIPTS, empty_database, run

PASSWORD = "all old data 4711"


def test_every_page_shows_what_the_previous_release_wrote(previous: Path, tmp_path: Path) -> None:
    folders = {f"{name}_ROOT": str(tmp_path / name.lower()) for name in ("MEDIA", "PACKAGE")}
    folders["CONSOLE_LOCAL_DIR"] = str(tmp_path)
    with empty_database() as url:
        here = {"DATABASE_URL": url, **folders}
        run(previous, "manage.py", "migrate", "--verbosity=0", **here)
        run(previous, "manage.py", "demo", "--password", PASSWORD, **here)
        run(PROJECT, "manage.py", "migrate", "--verbosity=0", **here)
        told = json.loads(run(PROJECT, str(SCRIPTS / "crawl.py"), PASSWORD, **here).splitlines()[-1])
    assert told["wrong"] == []
    assert len(told["seen"]) > 100, sorted(told["seen"])
