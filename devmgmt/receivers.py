"""What follows here from changes below, in their transaction and under the program's lock that they hold."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from console.base.accounts.models import User
from devmgmt import actions
from miniprograms.models import Binding
from miniprograms.signals import binding_ended


@receiver(binding_ended)
def end_grants(sender: Any, *, binding: Binding, by: User, removed: bool, at: datetime, **kwargs: Any) -> None:
    """What an application granted ends with the binding, and what was asked of it is withdrawn."""
    actions.end_with_binding(binding, by=by, removed=removed, at=at)
