"""The folder of icons: files that neither a mini program nor an application has."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import BinaryIO, cast

from django.core.files.storage import default_storage

from console.base.core.files import UNFINISHED, KeptStorage, is_older, kept_storage
from console.base.core.holding import are_held
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram

logger = logging.getLogger(__name__)

KEPT = timedelta(days=1)  # of a file without a row; no transaction that writes an icon takes as long
FOLDER = "icons"
NAME = re.compile(r"[0-9a-f]{32}\.webp")


def in_use() -> Iterator[str]:
    """Yield the names of the icons that mini programs and applications have."""
    programs = MiniProgram.objects.order_by().values_list("icon", flat=True)
    applications = HostApplication.objects.order_by().exclude(icon="").values_list("icon", flat=True)
    yield from chain(programs.iterator(), applications.iterator())


def fault_of_copy(name: str, *, to: KeptStorage) -> str:
    """Copy an icon to another storage unless it is there, and return what is wrong, or nothing.

    What is read is a picture that some page shows: only its size is compared.
    """
    try:
        with default_storage.open(name) as file:
            to.put(name, cast(BinaryIO, file))
            to.check(name, file.size)
    except OSError as error:
        return f"can't be copied: {error.strerror}"
    return ""


def sweep(*, at: datetime) -> int:
    """Delete icons older than a day that nothing has; return how many.

    Nothing is deleted when there are more of them than icons in use: then this is the database of another
    installation, or one that is still being restored.
    """
    try:
        files = default_storage.listdir(FOLDER)[1]
    except FileNotFoundError:  # Nothing was uploaded so far.
        return 0
    known = set(in_use())
    ours = (f"{FOLDER}/{file}" for file in files if NAME.fullmatch(file) or UNFINISHED.fullmatch(file))
    found = [name for name in ours if name not in known and is_older(default_storage, name, than=at - KEPT)]
    if len(found) > len(known):
        setting = kept_storage("default").setting
        logger.error(
            "%d icons in %s are unused, more than are in use, so none was deleted: "
            "check that %s belongs to this database",
            len(found),
            setting,
            setting,
        )
        return 0
    if are_held():  # by a backup; the next sweep comes
        return 0
    for name in found:
        default_storage.delete(name)
        logger.info("deleted %s, which is unused", name)
    return len(found)
