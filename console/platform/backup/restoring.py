"""Restores a backup into an empty place. Everything is checked before the first byte is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from console.base.core.files import kept_storage
from console.platform.backup import folder as folders
from console.platform.backup import keys
from console.platform.backup.folder import DUMP, FOLDERS, BackupError
from console.platform.backup.tools import Tools, server_major, tools
from console.version import VERSION

SHOWN = 10
EVERY = 1000  # files
OF_FILE_SYSTEM = "lost+found"  # in the top folder of ext4; only root reads it
# Extensions bring tables of their own, and those are no data of anybody's.
RELATIONS = """
    SELECT count(*) FROM pg_class AS relation JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
    WHERE schema.nspname NOT IN ('pg_catalog', 'information_schema') AND schema.nspname NOT LIKE 'pg\\_toast%%'
        AND schema.nspname NOT LIKE 'pg\\_temp%%' AND relation.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = relation.oid AND deptype = 'e')
"""
Say = Callable[[str], object]


class Restored(NamedTuple):
    """What was restored, and the migrations that this code has beyond it."""

    manifest: dict[str, Any]
    pending: list[str]


def verified(backup: Path) -> dict[str, Any]:
    """Return the manifest of a backup of which every byte is as it was written. Raises BackupError.

    That is against accidents: somebody who can write to the folder can also make its hashes fit.
    """
    manifest = folders.read_manifest(backup)
    try:
        found = list(folders.damage(backup, manifest))
    except OSError as error:
        raise BackupError(f"The backup can't be read: {error}") from error
    if found:
        more = [f"… and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise BackupError("\n".join(["The backup is damaged. Use another one.", *found[:SHOWN], *more]))
    return manifest


def restore(backup: Path, *, other_key: bool, pg_bin: Path | None, say: Say) -> Restored:
    """Restore database and files. Raises BackupError; after a failure the database is still empty.

    `other_key`: go on though what is sealed can't be opened with this SECRET_KEY.
    """
    say("Checking the backup.")
    manifest = verified(backup)
    pending = _known(manifest)
    if not other_key:
        _same_key(manifest)
    try:
        programs = _fitting_tools(manifest, pg_bin)
        _is_empty()
        sums = {name: found for name, found in folders.read_sums(backup).items() if name != DUMP}
        _are_empty(backup, sums)
        say(f"Copying {len(sums)} files.")
        _copy(backup, list(sums), say)
        say("Restoring the database.")
        programs.restore(backup / DUMP)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    except OSError as error:
        raise BackupError(f"The files can't be restored: {error}") from error
    except (DatabaseError, psycopg.Error) as error:
        raise BackupError(f"The database can't be restored: {str(error).strip()}") from error
    return Restored(manifest, pending)


# What must be true before -------------------------------------------------------------------------------------------


def _known(manifest: dict[str, Any]) -> list[str]:
    """Return the migrations that the backup lacks. Raises BackupError where it has some that this code lacks."""
    loader = MigrationLoader(None)
    ours = {f"{app}.{name}" for app, name in loader.disk_migrations}
    replaced = {f"{app}.{name}" for one in loader.disk_migrations.values() for app, name in one.replaces}
    apps = {app for app, _name in loader.disk_migrations}
    theirs = {name for name in manifest["migrations"] if name.partition(".")[0] in apps}
    if unknown := sorted(theirs - ours - replaced):
        raise BackupError(
            f"The backup is of release {manifest['version']}, which is newer than this one ({VERSION}): it has the "
            f"migration {unknown[0]}. Install that release, then restore."
        )
    return sorted(ours - theirs)


def _same_key(manifest: dict[str, Any]) -> None:
    here = {keys.current(), *keys.former()}
    if manifest["key"] not in here:
        raise BackupError(
            "This SECRET_KEY is not the one that the backup was made with. Server secrets, signing keys and second "
            "factors could not be opened, and devices would get no packages. Set the former SECRET_KEY, or add it to "
            "SECRET_KEY_FALLBACKS. If it is lost, use --other-key, then create these anew."
        )
    if set(manifest["former_keys"]) - here:
        raise BackupError(
            "SECRET_KEY_FALLBACKS lacks a key that it had when the backup was made. Add it, or use --other-key if "
            "nothing was sealed with it any more."
        )


def _fitting_tools(manifest: dict[str, Any], pg_bin: Path | None) -> Tools:
    theirs, here = int(manifest["postgresql"].split(".")[0]), server_major()
    if here < theirs:
        raise BackupError(f"The backup is of PostgreSQL {theirs}, and this is {here}. Restore into {theirs} or newer.")
    return tools(pg_bin)


def _is_empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS)
        count = cursor.fetchone()[0]
    if count:
        name = connection.settings_dict["NAME"]
        raise BackupError(
            f"The database {name} is not empty ({count} tables and sequences). Restore into a new one: createdb."
        )


def _are_empty(backup: Path, sums: dict[str, str]) -> None:
    """Refuse storages that have files of anybody else's; an earlier try's are those of the backup."""
    for alias, top in FOLDERS.items():
        for name in _names(storages[alias]):
            path = f"{top}/{name}"
            if path not in sums or storages[alias].size(name) != (backup / path).stat().st_size:
                setting = kept_storage(alias).setting
                raise BackupError(f"The storage of {top} is not empty: it has {name}. Set {setting} to an empty one.")


def _names(storage: Storage, top: str = "") -> Iterator[str]:
    try:
        folder_names, files = storage.listdir(top)
    except FileNotFoundError:
        return
    yield from (f"{top}{file}" for file in files)
    for name in folder_names:
        if not top and name == OF_FILE_SYSTEM:
            continue
        yield from _names(storage, f"{top}{name}/")


def _copy(backup: Path, paths: list[str], say: Say) -> None:
    alias_of = {top: alias for alias, top in FOLDERS.items()}
    for count, path in enumerate(paths, 1):
        top, _slash, name = path.partition("/")
        storage = storages[alias_of[top]]
        if storage.exists(name):
            storage.delete(name)  # of an earlier try, which may have been killed in the middle of it
        with (backup / path).open("rb") as file:
            kept = storage.save(name, File(file))
        if kept != name:
            raise BackupError(f"Somebody else writes to the storage: {name} was there again. Stop the console first.")
        if count % EVERY == 0:
            say(f"{count} files copied.")
