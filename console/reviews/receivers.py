"""What follows here from changes below, in their transaction."""

from typing import Any

from django.dispatch import receiver

from console.reviews import actions
from releases.models import Audit
from releases.signals import version_submitted


@receiver(version_submitted)
def report_on_it(sender: Any, *, audit: Audit, **kwargs: Any) -> None:
    """Each audit has a report, also when one was asked for before (V-9)."""
    actions.report_on(audit)
