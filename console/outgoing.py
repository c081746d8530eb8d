"""Settings of what the console sends to servers of others: messages to gateways, events to webhooks."""

from django.core.exceptions import ImproperlyConfigured

from console.environment import DEBUG, env

__all__ = [
    "EGRESS_ALLOWED",
    "MESSAGE_RETRY_SECONDS",
    "MESSAGE_TIMEOUT",
    "WEBHOOK_DAYS",
    "WEBHOOK_OFF_DAYS",
    "WEBHOOK_RETRY_SECONDS",
]

# Seconds between the tries of a message that its gateway did not take; after the last one it counts as failed.
MESSAGE_RETRY_SECONDS = env.list(
    "MESSAGE_RETRY_SECONDS", cast=int, default=[5, 30, 120, 600, 3600, 10800, 36000, 36000]
)
# As long for an event: eight tries over 24 hours.
WEBHOOK_RETRY_SECONDS = env.list("WEBHOOK_RETRY_SECONDS", cast=int, default=[5, 300, 1800, 7200, 18000, 28800, 30000])
WEBHOOK_OFF_DAYS = env.int("WEBHOOK_OFF_DAYS", default=5)  # of failures, after which a webhook is switched off
WEBHOOK_DAYS = env.int("WEBHOOK_DAYS", default=30)  # for which deliveries are kept; 0 keeps for ever
MESSAGE_TIMEOUT = env.float("MESSAGE_TIMEOUT", default=10.0)  # seconds for one try of either
# Networks that are not public and may yet be asked, as CIDR. The console asks no other private address.
EGRESS_ALLOWED = env.list("EGRESS_ALLOWED", default=["127.0.0.0/8", "::1/128"] if DEBUG else [])

if WEBHOOK_OFF_DAYS < 1:
    raise ImproperlyConfigured("Set WEBHOOK_OFF_DAYS to at least 1 day.")
if WEBHOOK_DAYS and WEBHOOK_DAYS < 7:
    raise ImproperlyConfigured("Set WEBHOOK_DAYS to 0 (keep forever) or to at least 7 days.")
