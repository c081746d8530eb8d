"""Files of packages without a row: swept when a crash left them, never while they are uploaded (V-6)."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from releases.inspection import inspected, written
from releases.models import Package, package_storage
from releases.storage import KEPT, strays, sweep
from releases.tasks import sweep_packages
from tests import factories
from tests.disks import files_in, move_packages

HASH = "ab" * 32


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A storage of the test's own."""
    move_packages(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def versions(root, db):
    """So many packages that a few files without a row are no sign of another database."""
    program = factories.make_program()
    return [factories.make_version(program, f"1.{minor}.0") for minor in range(4)]


def names(versions):
    return {version.package.file.name for version in versions}


def leave(root, name, *, age=KEPT + timedelta(minutes=1)):
    """A file that nobody has, last written `age` ago."""
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"left")
    written = time.time() - age.total_seconds()
    os.utime(path, (written, written))
    return name


def make_old(root):
    for name in files_in(root):
        leave_time = time.time() - 2 * KEPT.total_seconds()
        os.utime(root / name, (leave_time, leave_time))


def test_old_files_without_a_package_are_swept(root, versions):
    leave(root, f"ab/{HASH}.apkg")
    leave(root, "ab/.0123456789abcdef.part")
    make_old(root)
    assert sweep_packages() == 2
    assert files_in(root) == names(versions)
    assert sweep_packages() == 0


def test_source_maps_of_a_version_stay_and_others_are_swept(root, versions):
    program = versions[0].mini_program
    mapped = factories.make_version(program, "2.0.0", **{"app.js.map": "{}"})
    kept = {mapped.package.file.name, mapped.source_maps.file.name}
    leave(root, f"ab/{HASH}.maps")
    make_old(root)
    assert set(strays()) == {f"ab/{HASH}.maps"}
    assert sweep(at=timezone.now()) == 1
    assert files_in(root) == names(versions) | kept


def test_young_files_stay(root, versions):
    young = {leave(root, f"ab/{HASH}.apkg", age=KEPT - timedelta(minutes=1)), leave(root, "ab/.0123456789abcdef.part")}
    os.utime(root / "ab/.0123456789abcdef.part")
    assert sweep(at=timezone.now()) == 0
    assert files_in(root) == names(versions) | young


def test_what_the_console_did_not_write_stays(root, versions):
    others = {leave(root, name) for name in ("README", f"{HASH}.apkg", "ab/notes.txt", f"lost+found/{HASH}.apkg")}
    assert sweep(at=timezone.now()) == 0
    assert files_in(root) == names(versions) | others
    assert set(strays()) == others - {f"lost+found/{HASH}.apkg"}


def test_files_of_another_database_stay(root, versions, caplog):
    """More of them than packages: a restore is under way, or this is another installation's folder."""
    others = {leave(root, f"{number:02x}/{number:064x}.apkg") for number in range(len(versions) + 1)}
    assert sweep(at=timezone.now()) == 0
    assert files_in(root) == names(versions) | others
    assert caplog.messages == [
        "5 files in PACKAGE_ROOT belong to no package, more than there are packages, so none was deleted: "
        "check that PACKAGE_ROOT belongs to this database"
    ]
    (root / others.pop()).unlink()
    assert sweep(at=timezone.now()) == 4


@pytest.mark.django_db
def test_nothing_was_uploaded_so_far(root, monkeypatch):
    move_packages(monkeypatch, root / "none")
    assert sweep(at=timezone.now()) == 0


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_being_uploaded_stays(root, versions):
    """Its row is written but not committed: the upload holds the lock that the sweep asks for."""
    there, swept = Event(), Event()
    file = BytesIO(factories.make_zip({"slow.js": "module.exports = 'slow'"}).read())

    def upload():
        try:
            with inspected(file, app_id="") as (inspection, canonical):
                with written(inspection, canonical) as keep, transaction.atomic():
                    package = keep()
                    there.set()
                    assert swept.wait(60)
            return package.file.name
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        uploading = pool.submit(upload)
        try:
            assert there.wait(60)
            make_old(root)
            assert len(set(strays())) == 1
            assert sweep(at=timezone.now()) == 0
        finally:
            swept.set()
        name = uploading.result(60)
    assert files_in(root) == names(versions) | {name}
    assert sweep(at=timezone.now()) == 0
    assert package_storage().size(name) == Package.objects.get(file=name).size


@pytest.mark.django_db(transaction=True)
def test_sweeps_and_uploads_of_one_content_at_once(root, versions):
    """In any order: in the end each package has its file."""
    zipped = factories.make_zip({"both.js": "module.exports = 'both'"}).read()
    with inspected(BytesIO(zipped), app_id="") as (inspection, _canonical):
        content = leave(root, f"{inspection.sha256[:2]}/{inspection.sha256}.apkg")

    def upload():
        try:
            with inspected(BytesIO(zipped), app_id="") as (inspection, canonical):
                with written(inspection, canonical) as keep, transaction.atomic():
                    keep()
        finally:
            connection.close()

    def sweep_once():
        try:
            return sweep(at=timezone.now() + 2 * KEPT)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(work) for work in (sweep_once, upload, sweep_once, upload, sweep_once, upload)]
        for future in done:
            future.result(60)
    assert Package.objects.get(file=content).size == package_storage().size(content)
    assert files_in(root) == names(versions) | {content}
