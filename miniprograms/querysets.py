"""Questions about mini programs and bindings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Case, Count, F, Q, Value, When
from django.utils.translation import gettext

from console.base.accounts.models import Team
from console.base.hosts.models import HostApplication
from console.base.hosts.querysets import DecisionQuerySet, HostApplicationQuerySet
from console.base.hosts.states import DecisionState
from miniprograms.states import CATEGORIES, Shelf

if TYPE_CHECKING:
    from console.base.accounts.models import User
    from miniprograms.models import Category, IdeDownload, MiniProgram

# `on_shelf()`, `bound()` and the bindings that have ended, in SQL that names the tables `program` and `binding`.
ON_SHELF = f"program.shelf = '{Shelf.ON}'"
BOUND = f"binding.state = '{DecisionState.APPROVED}'"
UNBOUND = f"binding.state = '{DecisionState.ENDED}'"


def is_on_shelf(path: str = "") -> Q:
    """Return the condition for rows whose program is on the shelf; `path` leads to it: “mini_program__”."""
    return Q(**{f"{path}shelf": Shelf.ON})


class CategoryQuerySet(models.QuerySet["Category"]):
    def with_use(self) -> CategoryQuerySet:
        """Annotate `programs`, how many mini programs have it."""
        return self.annotate(programs=Count("miniprogram"))

    def as_shown(self) -> CategoryQuerySet:
        """Annotate `shown`, the name as the reader sees it, as `str` gives it of one category."""
        translated = [When(name=name, then=Value(gettext(name))) for name in CATEGORIES]
        return self.annotate(shown=Case(*translated, default=F("name")))


class MiniProgramQuerySet(models.QuerySet["MiniProgram"]):
    """Whose programs, and which of them."""

    def visible_to(self, user: User | AnonymousUser) -> MiniProgramQuerySet:
        """Programs of the user's teams."""
        return self.filter(team__in=Team.objects.visible_to(user))

    def with_role_of(self, user: User) -> MiniProgramQuerySet:
        """Programs of the user's teams, each with the user's `role` in its team."""
        return self.filter(team__memberships__user=user).annotate(role=F("team__memberships__role"))

    def of_teams(self, team_ids: Iterable[int]) -> MiniProgramQuerySet:
        """Programs of these teams; for a list three times as quick as joining the memberships."""
        return self.filter(team_id__in=team_ids)

    def on_shelf(self) -> MiniProgramQuerySet:
        """Programs that applications may get."""
        return self.filter(is_on_shelf())

    def matching(self, words: str) -> MiniProgramQuerySet:
        """Programs whose name contains `words` or whose App ID starts with them."""
        return self.filter(Q(name__icontains=words) | Q(app_id__startswith=words.lower()))


class BindingQuerySet(DecisionQuerySet):
    def bound(self) -> BindingQuerySet:
        """In force: the application serves the program (L-6)."""
        return self.approved()

    def served(self) -> BindingQuerySet:
        """In force, of a program on the shelf: what the application's devices may ask for."""
        return self.bound().filter(is_on_shelf("mini_program__"))

    def applications(self) -> HostApplicationQuerySet:
        """The applications of these bindings, by name."""
        return HostApplication.objects.filter(pk__in=self.order_by().values("application"))

    def newest_of_each_application(self) -> BindingQuerySet:
        """The current status of each application that was ever asked."""
        return self.order_by("application_id", "-id").distinct("application_id")


class IdeDownloadQuerySet(models.QuerySet["IdeDownload"]):
    def newest_of_each_platform(self) -> IdeDownloadQuerySet:
        """The one to offer for each system."""
        return self.order_by("platform", "-released_on", "-id").distinct("platform")

    def matching(self, words: str) -> IdeDownloadQuerySet:
        """Whose version begins with the words, or whose notes or requirement contain them."""
        return self.filter(Q(version__startswith=words) | Q(notes__icontains=words) | Q(requirement__icontains=words))
