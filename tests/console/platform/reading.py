"""What the status page knows, for tests of it."""

from __future__ import annotations

from console.platform.services import Service
from console.platform.status import status


def titles() -> list[str]:
    """The sentence of each trouble."""
    return [trouble.title for trouble in status().troubles]


def services() -> dict[str, Service]:
    """The services by their keys."""
    return {service.key: service for service in status().services}
