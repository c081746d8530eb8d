"""What every page of an operator says of the platform."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from console.platform import heartbeats


def late_parts(request: HttpRequest) -> dict[str, Any]:
    """Give operators `late_parts`, whether parts show no heartbeat; one query, where a template asks for it."""
    user = getattr(request, "user", None)
    return {"late_parts": cache(heartbeats.late)} if user is not None and user.is_staff else {}
