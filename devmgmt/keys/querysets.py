"""Questions about secrets and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from devmgmt.keys.models import AccessToken, AppSecret
    from miniprograms.models import MiniProgram


class AppSecretQuerySet(models.QuerySet["AppSecret"]):
    def current(self) -> AppSecretQuerySet:
        """The newest one of each program, frozen or not."""
        return self.filter(ends_at=None)

    def usable(self, *, at: datetime) -> AppSecretQuerySet:
        """Not ended by a reset: the current one, and old ones in their overlap. Frozen ones count here."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at))

    def held(self, program: MiniProgram, *, at: datetime) -> AppSecretQuerySet:
        """Usable ones of the program, locked until the transaction ends, always in the same order.

        Who issues tokens and who ends or freezes secrets takes them first, so each sees what the other did.
        """
        return self.usable(at=at).filter(mini_program=program).order_by("pk").select_for_update(no_key=True)


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def active(self, *, at: datetime) -> AccessTokenQuerySet:
        """Given, not expired, not revoked. A frozen program's count here."""
        return self.filter(expires_at__gt=at, ended_at=None)
