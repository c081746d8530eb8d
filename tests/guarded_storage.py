"""The object storage, for tests that would not notice otherwise: no call belongs into a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from console.base.core.object_storage import ObjectStorage


class GuardedStorage(ObjectStorage):
    """Fails where it is asked inside a transaction that is not the test's own."""

    @contextmanager
    def asking(self, *, is_long: bool = False) -> Iterator[None]:
        """As ObjectStorage."""
        inside = connection.in_atomic_block and not connection.atomic_blocks[-1]._from_testcase
        assert not inside, "the object storage is asked inside a transaction"
        with super().asking(is_long=is_long):
            yield
