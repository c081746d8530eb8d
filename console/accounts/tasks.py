"""Wake-ups of the accounts app."""

from celery import shared_task

from console.accounts import delivery


@shared_task(name="accounts.send_notifications")
def send_notifications() -> int:
    """Send the notifications that wait for their e-mail."""
    return delivery.send_waiting()


@shared_task(name="accounts.send_invitations")
def send_invitations() -> int:
    """Send the invitations that wait for their e-mail."""
    return delivery.send_invitations()
