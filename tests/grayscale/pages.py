"""What tests of the pages of grayscale tasks share: the form as a browser sends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from releases.models import Version


def minute(at: datetime) -> str:
    """Return a moment as the browser's field sends it."""
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def typed(version: Version, /, **changes: Any) -> dict[str, Any]:
    """Return a form that is right, with `changes`; a value of None leaves a field out."""
    now = timezone.now()
    application = version.mini_program.bindings.bound().applications().first()
    data = {
        "version": version.pk,
        "name": "New timetable, pilot group",
        "starts_at": minute(now + timedelta(days=1)),
        "ends_at": minute(now + timedelta(days=5)),
        "user_limit": "5,000",
        "applications": [application.pk],
        "platforms": ["android", "ios"],
        "networks": ["wifi", "5g"],
    }
    return {name: value for name, value in {**data, **changes}.items() if value is not None}
