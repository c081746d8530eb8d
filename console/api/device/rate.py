"""How often one device may ask."""

from __future__ import annotations

from collections.abc import Hashable

from django.conf import settings

from console.api.device.http import ApiError
from console.api.rate import Counter


class Limiter(Counter):
    """Refuses what is too often."""

    def hit(self, *key: Hashable) -> None:
        """Count one request; raises ApiError 429, with the seconds until the window ends in Retry-After."""
        if wait := self.count(*key):
            raise ApiError(
                429,
                "too_many_requests",
                f"Too many requests. Try again in {wait} seconds.",
                [("Retry-After", str(wait))],
            )


limiter = Limiter(settings.DEVICE_RATE_LIMIT)
