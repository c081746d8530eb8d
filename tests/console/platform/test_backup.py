"""`manage.py backup` and `restore`: what comes back is what was there, and nothing else looks like a backup."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from psycopg import conninfo, pq

from console import databases
from console.base.core import holding
from console.base.core.holding import files_held
from console.local.addresses import PROJECT
from console.platform.backup import folder as folders
from console.platform.backup import making, restoring
from console.platform.backup.folder import BackupError
from console.platform.doctor import storage
from console.platform.doctor.findings import Level
from console.platform.models import Backup
from miniprograms import storage as icons
from miniprograms.actions import DESCRIPTIVE, edit
from releases import storage as packages
from releases.models import Package, package_storage
from tests import factories
from tests.console.api.device.serving import database_url
from tests.console.platform.servers import until
from tests.disks import files_in, move_icons, move_packages
from tests.object_storage import s3_server, storage_url
from tests.processes import kill, running
from tests.stored import names, use

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def live(tmp_path, monkeypatch):
    """An installation with storages of its own: a program online, with source maps, and an app."""
    move_packages(monkeypatch, tmp_path / "packages")
    move_icons(monkeypatch, tmp_path / "media")
    program = factories.make_program(icon=factories.make_icon())
    factories.make_binding(program, factories.make_application())
    factories.make_online(program)
    factories.make_version(program, "1.1.0", **{"app.js.map": "{}"})
    return program


def back_up(folder: Path, *options: str) -> Path:
    """Make a backup and return it."""
    out = StringIO()
    call_command("backup", str(folder), *options, stdout=out)
    return Path(out.getvalue().partition("Written and verified: ")[2].splitlines()[0])


@contextlib.contextmanager
def elsewhere(tmp_path: Path, **variables: str) -> Iterator[dict[str, str]]:
    """The environment of an installation whose database and folders are empty, with the same SECRET_KEY."""
    name = f"restored_{secrets.token_hex(4)}"
    url = database_url()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        here = str(connection.settings_dict["NAME"])
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "DATABASE_URL": url.replace(f"/{here}?", f"/{name}?"),
            "SECRET_KEY": settings.SECRET_KEY,
            "PACKAGE_ROOT": str(tmp_path / "elsewhere/packages"),
            "MEDIA_ROOT": str(tmp_path / "elsewhere/media"),
            **variables,
        }
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *words]
    caught = {"capture_output": True, "text": True, "timeout": 120}
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False, **caught)


def test_what_comes_back_is_what_was_there_and_only_into_an_empty_place(live, tmp_path):
    stray = package_storage().path("ab/stray")
    Path(stray).parent.mkdir(exist_ok=True)
    Path(stray).write_bytes(b"no row names it")
    made = back_up(tmp_path / "backups")
    factories.make_version(live, "2.0.0")  # after the backup
    with elsewhere(tmp_path) as environment:
        lost = tmp_path / "elsewhere/media/lost+found"  # a file system of its own, where only root reads this
        lost.mkdir(parents=True)
        (lost / "#12").touch()
        done = manage(environment, "restore", str(made))
        assert done.returncode == 0, done.stderr
        assert "2 packages, 1 × source maps, 0 faulty; 0 files belong to no package" in done.stdout
        assert "1. Everybody signs in again" in done.stdout
        with psycopg.connect(environment["DATABASE_URL"]) as there:
            versions = there.execute("SELECT minor, state FROM releases_version ORDER BY 1").fetchall()
            assert versions == [(0, "online"), (1, "development")]
        named = {name.removeprefix("media/") for name in files_in(made) if name.startswith("media/")}
        (lost / "#12").unlink()
        assert files_in(tmp_path / "elsewhere/media") == named == {str(live.icon.name)}
        # A second time there is something.
        again = manage(environment, "restore", str(made))
        assert again.returncode == 1
        assert "is not empty" in again.stderr


def test_a_storage_with_anything_else_is_refused_before_the_database_is_touched(live, tmp_path):
    made = back_up(tmp_path / "backups")
    with elsewhere(tmp_path) as environment:
        other = Path(environment["PACKAGE_ROOT"], "ab", "other")
        other.parent.mkdir(parents=True)
        other.touch()
        done = manage(environment, "restore", str(made))
        assert (done.returncode, files_in(other.parents[1])) == (1, {"ab/other"})
        assert "The storage of packages is not empty: it has ab/other." in done.stderr
        with psycopg.connect(environment["DATABASE_URL"]) as there:
            assert there.execute("SELECT to_regclass('releases_version')").fetchone() == (None,)


def test_from_one_bucket_into_another(tmp_path, monkeypatch):
    with s3_server() as address:
        use(monkeypatch, storage_url(address))
        icon = default_storage.save("icons/one.webp", factories.make_icon())
        program = factories.make_program(icon=icon)
        package = factories.make_version(program).package
        first, second = (back_up(tmp_path / name) for name in ("one", "two"))
        assert files_in(first) == files_in(second)
        with elsewhere(tmp_path, STORAGE_URL=storage_url(address, "there")) as environment:
            done = manage(environment, "restore", str(first))
            assert "1 packages, 0 faulty; 0 files belong to no package" in done.stdout, done.stderr
            again = manage(environment, "restore", str(first))
            assert "is not empty" in again.stderr
        use(monkeypatch, storage_url(address, "there"))
        assert names() == {package.file.name}
        assert names(default_storage) == {icon}
        assert [one.level for one in storage.shared()] == [Level.OK, Level.OK]


def test_any_damaged_byte_is_found(live, tmp_path):
    made = back_up(tmp_path / "backups")
    restoring.verified(made)
    for path in sorted(path for path in made.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for place in (0, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            with pytest.raises(CommandError, match="damaged"):
                call_command("restore", str(made), "--check")
        path.write_bytes(content)
    (made / "more").touch()
    with pytest.raises(CommandError, match="more is not from the backup"):
        call_command("restore", str(made), "--check")
    (made / "more").unlink()
    next(made.glob("packages/*/*.apkg")).unlink()
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", str(made), "--check")


@pytest.mark.parametrize("name", ["../outside", "packages/../../outside", "elsewhere/file", "/outside", "media/"])
def test_one_that_names_files_of_others_is_refused(name, live, tmp_path):
    """Its hashes fit: they find accidents, and anybody can compute them."""
    made = back_up(tmp_path / "backups")
    manifest = restoring.verified(made)
    (tmp_path / "backups/outside").write_bytes(b"")
    with (made / "SHA256SUMS").open("a") as sums:
        sums.write(f"{hashlib.sha256().hexdigest()}  {name}\n")
    (made / "manifest.json").unlink()
    folders.write_manifest(made, {key: value for key, value in manifest.items() if key not in ("sums", "digest")})
    with pytest.raises(CommandError, match="SHA256SUMS is damaged"):
        call_command("restore", str(made), "--check")


def test_a_later_backup_links_what_an_earlier_one_has_and_old_ones_go(live, tmp_path, monkeypatch):
    moments = iter(
        ["console-20260101T000000Z", "console-20260102T000000Z", "console-20260103T000000Z", "console-20260104T000000Z"]
    )
    monkeypatch.setattr("console.platform.backup.folder.name_at", lambda moment: next(moments))
    folder = tmp_path / "backups"
    first = back_up(folder)
    new = factories.make_version(live, "2.0.0").package
    second = back_up(folder)
    for name in files_in(first / "packages"):
        assert (first / "packages" / name).samefile(second / "packages" / name)
    assert (second / "packages" / new.file.name).stat().st_nlink == 1
    # A disk forgot a byte of the earlier one: the later one has it from the storage.
    damaged = second / "packages" / new.file.name
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    third = back_up(folder, "--keep", "2")
    restoring.verified(third)
    assert {path.name for path in folder.iterdir()} == {".lock", second.name, third.name}
    # One whose list of hashes is damaged is passed over.
    (third / "SHA256SUMS").write_text("damaged\n")
    fourth = back_up(folder)
    restoring.verified(fourth)
    assert (fourth / "packages" / damaged.relative_to(second / "packages")).stat().st_nlink == 1


def test_a_file_that_the_storage_lacks_is_said_and_nothing_else_is_lost(live, tmp_path):
    lost, damaged, _whole = Package.objects.all()[0], Package.objects.all()[1], None
    package_storage().delete(lost.file.name)
    Path(damaged.file.path).write_bytes(b"other")
    out, error = StringIO(), StringIO()
    with pytest.raises(SystemExit):
        call_command("backup", str(tmp_path / "backups"), stdout=out, stderr=error)
    assert f"packages/{lost.file.name} is missing in the storage" in error.getvalue()
    assert f"packages/{damaged.file.name} is damaged in the storage" in error.getvalue()
    assert Backup.objects.get().faults == 2
    restoring.verified(Path(out.getvalue().partition("Written and verified: ")[2].splitlines()[0]))


def test_backups_that_lack_files_push_out_no_good_one(live, tmp_path, monkeypatch):
    moments = iter(f"console-2026010{day}T000000Z" for day in range(1, 6))
    monkeypatch.setattr("console.platform.backup.folder.name_at", lambda moment: next(moments))
    folder = tmp_path / "backups"
    older, good = back_up(folder), back_up(folder, "--keep", "2")
    package_storage().delete(factories.make_version(live, "2.0.0").package.file.name)
    for _night in range(3):
        with pytest.raises(SystemExit):
            call_command("backup", str(folder), "--keep", "2", stdout=StringIO(), stderr=StringIO())
    left = {path.name[8:16] for path in folder.glob("console-*")}
    assert left == {older.name[8:16], good.name[8:16], "20260104", "20260105"}


def test_one_during_which_files_could_be_deleted_is_none(live, tmp_path):
    """The connection that holds deletions off is lost, after the dump and before the files."""

    def say(words: str) -> None:
        if words.startswith("Copying"):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE application_name = 'console backup' AND datname = current_database()"
                )
                assert cursor.fetchall() == [(True,)]

    with pytest.raises(BackupError, match="The database can't be read: "):
        making.back_up(tmp_path / "backups", say=say)
    assert {path.name for path in (tmp_path / "backups").iterdir()} == {".lock"}


def test_it_is_remembered_and_holds_neither_key_nor_sessions(live, tmp_path, client):
    client.force_login(live.created_by)
    made = back_up(tmp_path / "backups")
    row = Backup.objects.get()
    assert (row.place.partition(":")[2], row.faults) == (str(made), 0)
    content = b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())
    assert settings.SECRET_KEY.encode() not in content
    with elsewhere(tmp_path) as environment:
        assert manage(environment, "restore", str(made)).returncode == 0
        with psycopg.connect(environment["DATABASE_URL"]) as there:
            assert there.execute("SELECT count(*) FROM django_session").fetchone() == (0,)


def test_another_key_or_an_older_release_is_refused(live, tmp_path, monkeypatch):
    made = back_up(tmp_path / "backups")
    with override_settings(SECRET_KEY="another"), pytest.raises(CommandError, match="This SECRET_KEY is not the one"):
        call_command("restore", str(made))
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        with pytest.raises(CommandError, match="is not empty"):  # and not the key
            call_command("restore", str(made))
    manifest = restoring.verified(made)
    newer = {**manifest, "migrations": [*manifest["migrations"], "releases.9999_newer"]}
    monkeypatch.setattr(restoring, "verified", lambda backup: newer)
    with pytest.raises(CommandError, match="newer than this one"):
        call_command("restore", str(made))


def test_a_killed_backup_leaves_nothing_that_looks_whole(live, tmp_path):
    """It is killed at a moment of its own: pg_dump waits for a table that somebody has."""
    folder = tmp_path / "backups"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": database_url(),
        "PACKAGE_ROOT": package_storage().path(""),
        "MEDIA_ROOT": default_storage.path(""),
    }
    waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'"
    with psycopg.connect(database_url()) as holder, psycopg.connect(database_url(), autocommit=True) as observer:
        holder.execute("LOCK TABLE releases_version IN ACCESS EXCLUSIVE MODE")
        with running([sys.executable, "manage.py", "backup", str(folder)], cwd=PROJECT, env=environment) as process:
            while observer.execute(waits).fetchone() == (0,):
                assert process.poll() is None
            with pytest.raises(CommandError, match="Another backup is being written"):
                call_command("backup", str(folder))
            os.kill(process.pid, signal.SIGKILL)
            kill(process)
    (left,) = folder.glob(".*.part")
    with pytest.raises(CommandError, match="is not a finished backup"):
        call_command("restore", str(left))
    made = back_up(folder)
    assert {path.name for path in folder.iterdir()} == {".lock", made.name}


def test_files_are_not_deleted_while_a_backup_copies(live, tmp_path):
    name, tomorrow = str(live.icon.name), timezone.now() + timedelta(days=2)
    live.refresh_from_db()
    described = {field: getattr(live, field) for field in DESCRIPTIVE}
    stray = f"ab/{'ab' * 32}.apkg"
    package_storage().save(stray, ContentFile(b"no row names it"))
    with files_held():
        assert packages.sweep(at=tomorrow) == 0
        edit(live, by=live.created_by, revision=live.revision, icon=factories.make_icon(), **described)
        assert icons.sweep(at=tomorrow) == 0
        assert default_storage.exists(name)
    assert (packages.sweep(at=tomorrow), icons.sweep(at=tomorrow)) == (1, 1)
    assert not default_storage.exists(name)


def test_the_connection_that_holds_the_files_is_not_silent_meanwhile(monkeypatch):
    """A proxy in between would close it after some time, and the backup of hours would be lost at its end."""
    monkeypatch.setattr(holding, "SPEAK_SECONDS", 0.01)
    last = "SELECT query FROM pg_stat_activity WHERE application_name = 'console backup'"
    with files_held(), psycopg.connect(database_url(), autocommit=True) as other:
        until(lambda: other.execute(last).fetchone() == ("SELECT 1",), "it has spoken")


@pytest.mark.parametrize("role", ["", "web", "worker"])
def test_a_server_that_is_gone_is_noticed_while_nothing_is_said(role):
    options = databases.of(role)["OPTIONS"]
    parameters = {name: value for name, value in options.items() if name not in ("pool", "options")}
    with socket.create_server(("127.0.0.1", 0)) as server:
        parameters |= {"host": "127.0.0.1", "port": server.getsockname()[1]}
        asked = pq.PGconn.connect_start(conninfo.make_conninfo(**parameters).encode())
        with socket.socket(fileno=os.dup(asked.socket)) as client:
            idle, between, probes = (
                client.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
        asked.finish()
    assert idle + between * probes <= 60  # seconds


def test_no_fitting_pg_dump_and_a_full_disk_end_in_words(live, tmp_path):
    with pytest.raises(CommandError, match="There is no pg_dump "):
        call_command("backup", str(tmp_path / "backups"), "--pg-bin", str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="can't be written"):
        call_command("backup", str(tmp_path / "file"))


@contextlib.contextmanager
def of_another_user(path: Path) -> Iterator[None]:
    """Make a folder one that this process can't read."""
    path.mkdir(mode=0o000)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_backup_of_another_user_stops_no_other_one():
    """As after a first try as root, in a folder of the console's user."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with of_another_user(folder / "console-20260101T000000Z"):
            assert [path.name for path in folders.unreadable(folder)] == ["console-20260101T000000Z"]
            assert folders.whole(folder) == []
            assert folders.prune(folder, keep=1) == []
