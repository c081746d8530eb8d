"""What lies in the storages, folders or a bucket: to look at it, and to do to it what no code of ours does."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path, PurePosixPath

import pytest
from django.conf import settings
from django.core.files.storage import Storage, StorageHandler, default_storage, storages

from console import storage_url
from releases.models import Package, SourceMaps, package_storage

folders_only = pytest.mark.skipif(bool(settings.STORAGE_URL), reason="what only folders have")


def names(storage: Storage | None = None, folder: str = "") -> set[str]:
    """Every file of a storage, hidden ones, too; of packages unless told otherwise."""
    storage = storage or package_storage()
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return set()
    below = {name for part in folders for name in names(storage, str(PurePosixPath(folder, part)))}
    return below | {str(PurePosixPath(folder, name)) for name in files}


def put(name: str, content: bytes, storage: Storage | None = None) -> str:
    """Write a file whatever is there, and return its name."""
    storage = storage or package_storage()
    storage.delete(name)
    storage.put(name, BytesIO(content))
    return name


def move(monkeypatch: pytest.MonkeyPatch, alias: str, root: Path) -> None:
    """Keep packages ("packages") or icons ("default") in `root` from now on, or below a prefix of that name."""
    bound = {"packages": Package._meta.get_field("file").storage, "default": default_storage._wrapped}
    assert default_storage.exists("no") is False  # so that there is what it wraps
    location = str(root).lstrip("/") if settings.STORAGE_URL else str(root)
    for storage in (storages[alias], bound[alias]):
        monkeypatch.setitem(storage.__dict__, "location", location)


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Keep packages and icons in this bucket from now on."""
    handler = StorageHandler(storage_url.bucket(url))
    for storage in handler.backends.values():
        storage["BACKEND"] = "tests.guarded_storage.GuardedStorage"
    packages, icons = handler["packages"], handler["default"]
    assert default_storage.exists("no") is False  # so that there is what it wraps
    for alias in handler.backends:
        monkeypatch.setitem(storages._storages, alias, handler[alias])
    monkeypatch.setattr(default_storage, "_wrapped", icons)
    for model in (Package, SourceMaps):
        monkeypatch.setattr(model._meta.get_field("file"), "storage", packages)
    monkeypatch.setattr(settings, "STORAGE_URL", url)


def variables() -> dict[str, str]:
    """What a process needs in its environment to use the packages of this test; of a bucket it has that already."""
    return {} if settings.STORAGE_URL else {"PACKAGE_ROOT": str(package_storage().path(""))}
