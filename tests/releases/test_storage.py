"""Files of packages without a row: swept when a crash left them, never while they are uploaded (V-6)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from threading import Event

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from console.base.core.errors import ActionRefused
from releases import actions, turns
from releases.inspection import inspected, written
from releases.models import FileTurn, Package, package_storage
from releases.storage import KEPT, strays, sweep
from releases.tasks import sweep_packages
from tests import factories, stored

HASH = "ab" * 32
OLD = KEPT + timedelta(minutes=1)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A storage of the test's own."""
    stored.move(monkeypatch, "packages", tmp_path)
    return tmp_path


@pytest.fixture
def versions(root, db):
    """So many packages that a few files without a row are no sign of another database."""
    program = factories.make_program()
    return [factories.make_version(program, f"1.{minor}.0") for minor in range(4)]


def names(versions):
    return {version.package.file.name for version in versions}


def leave(name):
    """A file that nobody has, written now."""
    return stored.put(name, b"left")


def later():
    """When what is there now is old enough to be swept."""
    return timezone.now() + OLD


def test_old_files_without_a_package_are_swept(versions):
    leave(f"ab/{HASH}.apkg")
    for folder in ("", "ab/"):
        leave(f"{folder}.0123456789abcdef.part")
    assert sweep(at=later()) == 3
    assert stored.names() == names(versions)
    assert (sweep(at=later()), FileTurn.objects.count()) == (0, 0)


def test_source_maps_of_a_version_stay_and_others_are_swept(versions):
    program = versions[0].mini_program
    mapped = factories.make_version(program, "2.0.0", **{"app.js.map": "{}"})
    kept = {mapped.package.file.name, mapped.source_maps.file.name}
    leave(f"ab/{HASH}.maps")
    assert set(strays()) == {f"ab/{HASH}.maps"}
    assert sweep(at=later()) == 1
    assert stored.names() == names(versions) | kept


def test_young_files_stay(versions):
    young = {leave(f"ab/{HASH}.apkg"), leave("ab/.0123456789abcdef.part")}
    assert (sweep_packages(), sweep(at=timezone.now() + KEPT - timedelta(minutes=1))) == (0, 0)
    assert stored.names() == names(versions) | young


def test_what_the_console_did_not_write_stays(versions):
    others = {leave(name) for name in ("README", f"{HASH}.apkg", "ab/notes.txt", f"found/{HASH}.apkg")}
    assert sweep(at=later()) == 0
    assert stored.names() == names(versions) | others
    assert set(strays()) == others - {f"found/{HASH}.apkg"}


def test_files_of_another_database_stay(versions, caplog):
    """More of them than packages: a restore is under way, or this is another installation's folder."""
    others = {leave(f"{number:02x}/{number:064x}.apkg") for number in range(len(versions) + 1)}
    for number in range(len(versions) + 1):
        leave(f".{number:016x}.part")  # Uploads that a crash ended: nobody's, however many there are.
    assert sweep(at=later()) == len(versions) + 1
    assert stored.names() == names(versions) | others
    setting = package_storage().setting
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        f"5 files in {setting} belong to no package, more than there are packages, so none of them was deleted: "
        f"check that {setting} belongs to this database"
    ]
    package_storage().delete(others.pop())
    assert sweep(at=later()) == 4


def test_what_a_crash_left_under_the_name_of_an_upload(versions):
    """Of a folder it may be other bytes, and is written anew; of a bucket nothing is overwritten."""
    program, file = versions[0].mini_program, factories.make_zip({"new.js": "module.exports = 'new'"})
    with inspected(file, app_id=program.app_id) as (inspection, _canonical):
        name = leave(f"{inspection.sha256[:2]}/{inspection.sha256}.apkg")

    def upload():
        return actions.upload(program, file=file, number=(2, 0, 0), notes="", by=program.created_by).package

    if settings.STORAGE_URL:
        with pytest.raises(ActionRefused, match="isn’t writable") as refused:
            upload()
        assert (refused.value.field, Package.objects.count()) == ("file", 4)
        package_storage().delete(name)
    package = upload()
    assert (package.file.name, package_storage().size(name)) == (name, package.size)


@pytest.mark.parametrize("deletes", [False, True])
def test_a_turn_that_a_crash_left_ends(versions, deletes, monkeypatch):
    """An upload's keeps the sweep away, a deletion's keeps uploads away, and both for a while only."""
    monkeypatch.setattr(turns, "PATIENCE", 0)
    left = leave(f"ab/{HASH}.apkg")
    turn = FileTurn.objects.create(content=HASH, deletes=deletes, until=timezone.now() + timedelta(hours=1))
    assert sweep(at=later()) == 0
    if deletes:
        with pytest.raises(ActionRefused, match="Upload it again in a few minutes"), turns.writing(HASH):
            pass
    FileTurn.objects.filter(pk=turn.pk).update(until=timezone.now() - timedelta(hours=1))
    assert sweep(at=later()) == 1
    assert (left in stored.names(), FileTurn.objects.exists()) == (False, False)


def test_an_upload_that_lost_its_turn_stores_nothing(versions):
    file = BytesIO(factories.make_zip({"slow.js": "module.exports = 'slow'"}).read())
    with inspected(file, app_id="") as (inspection, canonical):
        with pytest.raises(ActionRefused, match="in time"), written(inspection, canonical) as keep:
            FileTurn.objects.update(until=timezone.now() - timedelta(hours=1))
            keep()
    assert (stored.names(), Package.objects.count()) == (names(versions), 4)


@pytest.mark.django_db
def test_nothing_was_uploaded_so_far(root, monkeypatch):
    stored.move(monkeypatch, "packages", root / "none")
    assert sweep(at=later()) == 0


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
            assert len(set(strays())) == 1
            assert sweep(at=later()) == 0
        finally:
            swept.set()
        name = uploading.result(60)
    assert stored.names() == names(versions) | {name}
    assert sweep(at=later()) == 0
    assert package_storage().size(name) == Package.objects.get(file=name).size


@pytest.mark.django_db(transaction=True)
def test_sweeps_and_uploads_of_one_content_at_once(root, versions):
    """In any order: in the end each package has its file."""
    zipped = factories.make_zip({"both.js": "module.exports = 'both'"}).read()
    with inspected(BytesIO(zipped), app_id="") as (inspection, canonical):
        canonical.seek(0)
        content = stored.put(f"{inspection.sha256[:2]}/{inspection.sha256}.apkg", canonical.read())

    def upload():
        try:
            with inspected(BytesIO(zipped), app_id="") as (inspection, canonical):
                with written(inspection, canonical) as keep, transaction.atomic():
                    keep()
        finally:
            connection.close()

    def sweep_once():
        """Of the file alone: what a folder's uploads have not finished is as young as it is."""
        try:
            if settings.STORAGE_URL:
                return sweep(at=later())
            with suppress(FileNotFoundError):
                os.utime(package_storage().path(content), (0, 0))
            return sweep(at=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(work) for work in (sweep_once, upload, sweep_once, upload, sweep_once, upload)]
        for future in done:
            future.result(60)
    assert Package.objects.get(file=content).size == package_storage().size(content)
    assert stored.names() == names(versions) | {content}
