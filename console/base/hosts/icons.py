"""Icons of mini programs and applications in the storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError

from console.base.core.files import refusing_unwritable
from console.base.hosts.models import icon_path


@contextmanager
def stored(icon: ContentFile[bytes] | str | None) -> Iterator[str]:
    """Write an icon under a name of its own and give that name; it goes when the block fails.

    The transaction that needs it begins in the block: the storage may be asked over the network. A name is given as it
    is. Raises ActionRefused beside `icon` when the storage fails.
    """
    if icon is None or isinstance(icon, str):
        yield icon or ""
        return
    with refusing_unwritable("icon"):
        name = default_storage.save(icon_path(), icon)
    try:
        yield name
    except DatabaseError:  # It may have committed all the same; the sweep finds what nobody has.
        raise
    except BaseException:
        with suppress(OSError):
            default_storage.delete(name)
        raise
