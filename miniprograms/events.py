"""What happens to mini programs and bindings, and to what operators keep for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.accounts.notifying import Notify, member_or_managers, members_with
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.events import Event
from console.base.activity.fields import Field, Icon, State, Translated
from console.base.hosts.models import HostApplication
from console.base.hosts.people import reviewers_of
from miniprograms.models import Category, MiniProgram

PROGRAM = {
    "name": Field(_("Name")),
    "icon": Icon(_("Icon")),
    "category": Translated(_("Category")),
    "introduction": Field(_("Introduction")),
    "description": Field(_("Description")),
}
STATE = {"state": State(_("Status"))}


class ProgramEvent(Event):
    """What happened to a mini program, or to something of it.

    The list shows it as the program's last change, where it has words for that and is not `aside`; one without says so
    by an empty `in_list`.
    """

    @property
    def program(self) -> MiniProgram:
        """The program whose page shows it."""
        program: MiniProgram = self.on
        return program

    def belongs(self) -> dict[str, Any]:
        return {"team_id": self.program.team_id, "mini_program_id": self.program.app_id}

    def words(self) -> dict[str, Any]:
        return {"person": self.by, "program": self.program}

    def follow(self) -> None:
        if self.in_list and not self.aside:
            self.program.write(changed_at=self.at, last_change=self.name, last_change_label=self.short[:200])


class PartEvent(ProgramEvent):
    """What happened to something that belongs to a mini program."""

    @property
    def program(self) -> MiniProgram:
        program: MiniProgram = self.on.mini_program
        return program


class RequestEvent(PartEvent):
    """A move of what a program asks an application for: `was` is the state before, None for a new request."""

    fields: ClassVar[Mapping[str, Field]] = STATE

    def __init__(self, on: Any, *, was: str | None, **values: Any) -> None:
        super().__init__(on, before={"state": was} if was else None, after={"state": on.state}, **values)

    @property
    def application(self) -> HostApplication:
        application: HostApplication = self.on.application
        return application

    @property
    def label(self) -> str:
        return f"{self.program} – {self.application}"

    def belongs(self) -> dict[str, Any]:
        return super().belongs() | {"application_id": self.application.application_id}

    def words(self) -> dict[str, Any]:
        return super().words() | {"application": self.application, "subject": self.on.subject()}


class BindingEvent(RequestEvent):
    @property
    def short(self) -> str:
        return self.application.name


class KeptEvent(Event):
    """What happened to a category or an IDE download."""

    @property
    def label(self) -> str:
        return str(self.on.name) if isinstance(self.on, Category) else str(self.on)


def reviewers(text: str | Promise) -> Notify:
    """Return what notifies those who decide the application's requests."""
    return Notify(
        kind=NotificationKind.REVIEW,
        to=lambda event: reviewers_of(event.application),
        text=text,
        url=lambda event: event.on.get_absolute_url(),
    )


def requester(text: str | Promise) -> Notify:
    """Return what notifies who asked for the binding."""
    return Notify(
        kind=NotificationKind.DECISION,
        to=lambda event: member_or_managers(event.on.requested_by, team=event.program.team),
        text=text,
        url=lambda event: event.program.get_absolute_url(),
    )


CATEGORY = {"name": Field(_("Name")), "position": Field(_("Position"))}
DOWNLOAD = {
    "version": Field(_("Version")),
    "platform": Field(_("System")),
    "requirement": Field(_("Requirement")),
    "url": Field(_("Link")),
    "size": Field(_("Size (bytes)")),
    "released_on": Field(_("Released on")),
    "notes": Field(_("Notes")),
}


class CategoryCreated(KeptEvent):
    name, icon, colour = "category.created", "plus", "blue"
    log = _("Category created")
    fields = CATEGORY


class CategoryEdited(KeptEvent):
    name, icon, colour = "category.edited", "edit", "blue"
    log = _("Category edited")
    fields = CATEGORY


class CategoryDeleted(KeptEvent):
    name, icon, colour = "category.deleted", "trash", "red"
    log = _("Category deleted")
    fields = CATEGORY


class IdeDownloadCreated(KeptEvent):
    name, icon, colour = "ide_download.created", "plus", "blue"
    log = _("IDE download created")
    fields = DOWNLOAD


class IdeDownloadEdited(KeptEvent):
    name, icon, colour = "ide_download.edited", "edit", "blue"
    log = _("IDE download edited")
    fields = DOWNLOAD


class IdeDownloadDeleted(KeptEvent):
    name, icon, colour = "ide_download.deleted", "trash", "red"
    log = _("IDE download deleted")
    fields = DOWNLOAD


class MiniProgramCreated(ProgramEvent):
    name, icon, colour = "mini_program.created", "plus", "blue"
    log = _("Mini program created")
    in_list = _("Created")
    fields = PROGRAM


class MiniProgramEdited(ProgramEvent):
    name, icon, colour = "mini_program.edited", "edit", "blue"
    log = _("Mini program edited")
    in_list = _("Edited")
    fields = PROGRAM


class MiniProgramTakenOffShelf(ProgramEvent):
    name, icon, colour = "mini_program.taken_off_shelf", "circle-off", "orange"
    log = _("Mini program taken off the shelf")
    in_list = _("Mini program taken off the shelf")
    fields = {"shelf": State(_("Shelf"))}


class MiniProgramPutOnShelf(ProgramEvent):
    name, icon, colour = "mini_program.put_on_shelf", "circle-check", "green"
    log = _("Mini program put on the shelf")
    in_list = _("Mini program put on the shelf")
    fields = {"shelf": State(_("Shelf"))}


class BindingRequested(BindingEvent):
    name, icon, colour = "binding.requested", "send", "blue"
    log = _("Binding requested")
    in_list = _("Binding requested: %(label)s")


class BindingWithdrawn(BindingEvent):
    name, icon, colour = "binding.withdrawn", "arrow-back", "secondary"
    log = _("Binding request withdrawn")
    in_list = _("Binding request withdrawn: %(label)s")
    notify = (reviewers(_("The binding request of %(program)s was withdrawn")),)


class BindingApproved(BindingEvent):
    name, icon, colour = "binding.approved", "check", "green"
    log = _("Binding approved")
    in_list = _("Binding approved: %(label)s")
    notify = (requester(_("%(application)s approved the binding of %(program)s")),)


class BindingRejected(BindingEvent):
    name, icon, colour = "binding.rejected", "x", "red"
    log = _("Binding rejected")
    in_list = _("Binding rejected: %(label)s")
    notify = (requester(_("%(application)s rejected the binding of %(program)s")),)


class BindingEnded(BindingEvent):
    name, icon, colour = "binding.ended", "unlink", "secondary"
    log = _("Mini program unbound")
    in_list = _("Unbound: %(label)s")
    notify = (reviewers(_("%(program)s was unbound from %(application)s")),)


class BindingRemoved(BindingEvent):
    name, icon, colour = "binding.removed", "x", "red"
    log = _("Mini program removed from host app")
    in_list = _("Removed from host app: %(label)s")
    notify = (
        Notify(
            kind=NotificationKind.DECISION,
            to=lambda event: members_with(event.program.team, Permission.MANAGE),
            text=_("%(application)s removed %(program)s"),
            url=lambda event: event.program.get_absolute_url(),
        ),
    )
