"""Wake-ups of the accounts app."""

from celery import shared_task

from console.base.accounts import codes, delivery, leases
from console.base.core import times
from console.base.core.wakeups import wake

# Seconds; it ends runs where a server sends a byte now and then, for ever.
LONGEST_RUN = leases.OPEN_SECONDS + leases.RUN_SECONDS + leases.LAST_MAIL_SECONDS


@shared_task(name="accounts.send_mail", soft_time_limit=LONGEST_RUN, time_limit=LONGEST_RUN + 15)
def send_mail() -> None:
    """Send what waits for the mail server."""
    sent = delivery.send_waiting(at=times.of_the_database())
    # Asked once the run is over for all: who was woken meanwhile found it running, and relied on it.
    if sent is not None and delivery.something_waits(at=times.of_the_database()):
        wake(send_mail)


@shared_task(name="accounts.seal_factors", soft_time_limit=300, time_limit=330)
def seal_factors() -> None:
    """Seal second factors that an earlier release kept in plain text, and hash recovery codes that were shown."""
    codes.seal_old(at=times.of_the_database())


# The names of the release before this one, whose beat and web processes send them while old and new run side by side.
# To be removed with the release after this one.
for _name in ("accounts.send_notifications", "accounts.send_invitations"):
    shared_task(name=_name, soft_time_limit=LONGEST_RUN, time_limit=LONGEST_RUN + 15)(send_mail.run)
