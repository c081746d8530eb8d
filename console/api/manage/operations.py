"""All operations of the API, registered in the order in which its description lists them."""

from __future__ import annotations

from typing import Any

from console.api.manage import programs, versions  # noqa: F401 - they register their operations
from console.api.manage.api import api


def urls() -> Any:
    """Return the API's URLs, for /api/v1/."""
    return api.urls
