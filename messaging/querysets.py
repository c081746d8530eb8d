"""Questions about templates and messages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Q

from messaging.states import MessageState

if TYPE_CHECKING:
    from console.base.hosts.models import HostApplication
    from messaging.models import Ban, Message, MyTemplate, PublicTemplate


class PublicTemplateQuerySet(models.QuerySet["PublicTemplate"]):
    def listed(self) -> PublicTemplateQuerySet:
        """Offered in the library."""
        return self.filter(is_listed=True)

    def with_use(self) -> PublicTemplateQuerySet:
        """Annotate `selected`, how often it was ever selected."""
        return self.annotate(selected=Count("selections"))

    def matching(self, words: str) -> PublicTemplateQuerySet:
        """Whose title contains the words, in either language; or whose number they are."""
        number = Q(number=int(words)) if words.isascii() and words.isdigit() and len(words) < 9 else Q()
        found = Q(title__icontains=words) | Q(title_zh__icontains=words)
        return self.filter(found | number if number else found)


class MyTemplateQuerySet(models.QuerySet["MyTemplate"]):
    def live(self) -> MyTemplateQuerySet:
        """Not deleted."""
        return self.filter(deleted_at=None)

    def matching(self, words: str) -> MyTemplateQuerySet:
        """Whose title contains the words, in either language; or whose id begins with them."""
        titles = Q(title__icontains=words) | Q(title_zh__icontains=words)
        return self.filter(titles | Q(template_id__startswith=words))


class BanQuerySet(models.QuerySet["Ban"]):
    def in_force(self) -> BanQuerySet:
        """Not lifted."""
        return self.filter(lifted_at=None)


class MessageQuerySet(models.QuerySet["Message"]):
    def failed(self) -> MessageQuerySet:
        """The dead letters."""
        return self.filter(state=MessageState.FAILED)

    def taken_by(self, application: HostApplication, *, since: datetime) -> MessageQuerySet:
        """Accepted for the application after `since`, by the index of each program that it has ever known."""
        programs = application.bindings.values("mini_program")
        return self.filter(application=application, mini_program__in=programs, accepted_at__gt=since)
