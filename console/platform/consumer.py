"""How a worker takes an outage of its broker: it tries each second, for as long as it lasts, and goes on afterwards."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer
from celery.worker.state import maybe_shutdown, reserved_requests

logger = logging.getLogger(__name__)

TRY_SECONDS = 1
LOOK_SECONDS = 5


class Consumer(CeleryConsumer):
    """Celery's own waits longer after each try, up to half a minute, and gives up after a hundred.

    And it logs an acknowledgement that the broker did not get, but counts its message as work for ever: as many of
    them as a worker takes at a time, and it takes no more, though it seems well.
    """

    _was_full = False

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

    def register_with_event_loop(self, hub: Any) -> None:
        """Look now and then, for as long as this connection lasts."""
        super().register_with_event_loop(hub)
        self._was_full = False
        hub.call_repeatedly(LOOK_SECONDS, self._ensure_taking)

    def _ensure_taking(self) -> None:
        """Raise ConnectionResetError, which connects anew, where no task runs and yet no message may come, twice."""
        is_full = not reserved_requests and not self.task_consumer.channel.qos.can_consume()
        if is_full and self._was_full:
            logger.warning("tasks ended that the broker did not hear of; connecting to it anew")
            raise ConnectionResetError("acknowledgements were lost")
        self._was_full = is_full
