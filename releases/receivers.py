"""What follows here from changes below."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from console.base.accounts.models import User
from miniprograms.models import Binding
from miniprograms.signals import binding_ended, binding_requested, binding_started
from releases import actions
from releases.actions import report


@receiver(binding_requested)
def report_to_who_decides(sender: Any, *, binding: Binding, by: User, at: datetime | None, **kwargs: Any) -> None:
    """Who decides a binding sees a report on each version that approval accepts, with what is granted there (V-18)."""
    report.reports_for_binding(binding, by=by, at=at)


@receiver(binding_started)
def ask_too(sender: Any, *, binding: Binding, at: datetime | None, **kwargs: Any) -> None:
    """An audit that runs waits for an application that is bound meanwhile, too."""
    audit = binding.mini_program.audits.running().select_related("version", "submitted_by").first()
    if audit:
        actions.ask_also(audit, binding.application, at=at)


@receiver(binding_ended)
def go_on_without(sender: Any, *, binding: Binding, by: User, at: datetime, **kwargs: Any) -> None:
    """An audit that waits for an application which is no longer bound goes on without it."""
    audit = binding.mini_program.audits.running().first()
    if audit:
        actions.conclude_without(audit, binding.application, by=by, at=at)
