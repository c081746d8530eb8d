"""Stored packages, opened for people who download them."""

from __future__ import annotations

import logging

from console.base.core.errors import TemporarilyRefused
from console.base.core.files import Part
from releases.models import Package, package_storage
from releases.rules import unreadable_package

logger = logging.getLogger(__name__)


def opened(package: Package) -> Part:
    """Return the bytes of a package, to be closed; not inside a transaction. Raises TemporarilyRefused."""
    try:
        return package_storage().part(str(package.file.name), range(package.size))
    except OSError as error:
        logger.exception("package %s can't be read: run manage.py packages verify", package.sha256)
        raise TemporarilyRefused(unreadable_package()) from error
