"""What an application's people do first, until the first mini program is bound to it (P-11)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.activity.models import ActivityEntry
from console.base.core.text import listed
from console.base.hosts.events import ConfigurationDownloaded
from console.base.hosts.models import HostApplication
from console.base.hosts.people import administrators_of, reviewers_of
from console.home.checklist import Checklist, Step
from console.home.person import Person
from miniprograms.models import Binding

NAMES = 3


def of_application(person: Person) -> Checklist | None:
    """Return the list of the newest application in which the person decides and that nothing was ever bound to."""
    if not person.decides:
        return None
    decided = Binding.objects.decided().filter(application=OuterRef("pk"))
    new = HostApplication.objects.where(person.user, Permission.DECIDE).filter(~Exists(decided))
    application = new.order_by("-created_at", "-pk").first()
    if application is None:
        return None
    edits = any(row.user == person.user for row in administrators_of(application))
    return Checklist(
        key=application.application_id,
        heading=_("Get %(application)s ready") % {"application": application},
        lead=_("You are the application administrator") if edits else _("You are a reviewer"),
        title=_("Steps to the first binding"),
        foot=_("This list disappears after the first binding decision."),
        steps=[_reviewer(application, edits), _file(application, edits), _decide(application, person.user)],
    )


def _administrators(application: HostApplication, edits: bool) -> str:
    return _("you") if edits else listed([row.user for row in administrators_of(application)][:NAMES])


def _reviewer(application: HostApplication, edits: bool) -> Step:
    reviewers = reviewers_of(application)
    return Step(
        title=_("Second reviewer"),
        text=_("You can’t decide your own requests, so two people must be able to."),
        done=len(reviewers) > 1,
        waits=not edits,
        result=listed(reviewers[:NAMES]),
        who=_administrators(application, edits),
        action=_("Invite a reviewer…") if edits else "",
        url=reverse("hosts:invite_reviewer", args=[application.application_id]) if edits else "",
        in_dialog=True,
    )


def _file(application: HostApplication, edits: bool) -> Step:
    entries = ActivityEntry.objects.of_application(application.application_id)
    return Step(
        title=_("Configuration file"),
        text=_("Build your app with it. It contains the address, the ID and a device key."),
        done=entries.filter(verb=ConfigurationDownloaded.name).exists(),
        result=_("downloaded"),
        waits=not edits,
        who=_administrators(application, edits),
        action=_("Download") if edits else "",
        url=reverse("hosts:configuration", args=[application.application_id]) if edits else "",
    )


def _decide(application: HostApplication, user: User) -> Step:
    waiting = Binding.objects.waiting().filter(application=application).not_own_of(user)
    binding = waiting.select_related("mini_program").order_by("pk").first()
    text = _("A team’s binding request appears here.")
    if binding:
        text = _("%(program)s requests a binding.") % {"program": binding.mini_program}
    return Step(
        title=_("First binding"),
        text=text,
        waits=binding is None,
        who=_("you") if binding else _("a reviewer"),
        action=_("Review request") if binding else "",
        url=binding.get_absolute_url() if binding else "",
    )
