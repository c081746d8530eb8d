"""How a worker takes an outage of its broker: it tries each second, for as long as it lasts."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer
from celery.worker.state import maybe_shutdown

logger = logging.getLogger(__name__)

TRY_SECONDS = 1


class Consumer(CeleryConsumer):
    """Celery's own waits longer after each try, up to half a minute, and gives up after a hundred."""

    def ensure_connected(self, conn: Any) -> Any:
        """Return the connection, connected; one line logs the outage, one its end."""
        away = False

        def tell(error: Exception, _interval: float) -> None:
            nonlocal away
            if not away:
                logger.warning("the broker (REDIS_URL) is not reachable; trying again each second: %s", error)
            away = True

        found = conn.ensure_connection(
            tell, max_retries=None, interval_start=TRY_SECONDS, interval_step=0, callback=maybe_shutdown
        )
        if away:
            logger.warning("the broker is reachable again")
        self.first_connection_attempt = False
        return found
