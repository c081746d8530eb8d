"""What follows from raising a limit of a task that has started: its guardrail's, or the number of users (G-8, G-13).

Said by the functions that decide: the guardrail's own verdict on what it saw last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grayscale import rules
from grayscale.guardrail import Guardrail, error_rate, is_looser
from grayscale.models import GrayscaleTask
from grayscale.states import Reason, TaskState
from releases.field.errors import ErrorRate, Meaning


@dataclass(frozen=True)
class Raising:
    """A task, and the guardrail and the number of users that somebody is about to give it."""

    task: GrayscaleTask
    guardrail: Guardrail | None
    users: int
    delivered: int
    at: datetime

    @property
    def needs_confirmation(self) -> bool:
        """Whether the verb wants it confirmed, with a reason."""
        asked = rules.why_confirm_raise(self.task, guardrail=self.guardrail, users=self.users, anyway=False, reason="")
        return bool(asked[0])

    @property
    def now(self) -> ErrorRate | None:
        """The share of devices with errors, as the guardrail saw it last and means it now."""
        return self.task.errors

    @cached_property
    def lines(self) -> list[str]:
        """What follows; nothing where nothing is raised."""
        if self.task.state_at(self.at) not in (TaskState.DELIVERING, TaskState.SUSPENDED):
            return []
        found = []
        if self.users > self.task.user_limit:
            found.append(self._more_users())
        if is_looser(self.task.guardrail, self.guardrail):
            found.append(self._goes_on())
        return found

    def _more_users(self) -> str:
        more = self.users - max(self.task.user_limit, self.delivered)
        words = ngettext(
            "Up to %(more)s more device gets %(number)s; %(count)s enrolled now.",
            "Up to %(more)s more devices get %(number)s; %(count)s enrolled now.",
            more,
        )
        values = {"more": f"{more:,}", "count": f"{self.delivered:,}", "number": self.task.version}
        return words % values

    def _goes_on(self) -> str:
        suspended = self.task.state == TaskState.SUSPENDED
        if suspended and self.task.state_reason == Reason.GUARDRAIL:
            return _("The guardrail suspended the task. It stays suspended until someone resumes it.")
        if self.guardrail is None:
            return _("The task will no longer be suspended automatically.")
        if suspended:
            return _("The task is suspended. This guardrail takes effect once it is resumed.")
        return self._verdict(self.guardrail)

    def _verdict(self, guardrail: Guardrail) -> str:
        """What the next look makes of the figures of the last one."""
        before = self.now.meaning if self.now else Meaning.NOTHING
        after = error_rate("", guardrail, self.task.seen).meaning if self.task.seen else Meaning.NOTHING
        if after == Meaning.OVER:
            return _(
                "The version exceeds this limit, too. The task will be suspended at the next check, within a minute."
            )
        if before == Meaning.OVER:
            return _("The task continues. The current limit would suspend it at the next check.")
        if before == Meaning.NEARLY and after != Meaning.NEARLY:
            return _("The task continues. The current limit would suspend it once enough devices report.")
        return _("The task continues and will be suspended later than with the current guardrail.")
