"""What happens to host applications, their people, their keys and their lists of APIs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.base.accounts.notifying import Notify, nothing
from console.base.accounts.permissions import ApplicationRole
from console.base.accounts.states import NotificationKind
from console.base.activity.events import Event
from console.base.activity.fields import Choice, Field, Icon
from console.base.core import times
from console.base.hosts.models import HostApplication
from console.base.hosts.people import administrators_of
from console.base.hosts.proof_words import WORDS

APPLICATION = {
    "administrator": Field(_("Administrator")),
    "key": Field(_("Key")),
    "listed": Field(_("All teams can request a binding")),
    "name": Field(_("Name")),
    "icon": Icon(_("Icon")),
    "description": Field(_("Description")),
}
ROLE = {"role": Choice(_("Role"), ApplicationRole)}
KEY = {"key": Field(_("Key"))}
SECRET = {"overlap": Field(_("Hours the old secret keeps working")), "secret": Field(_("Secret"))}
PROOFS = {use: Field(words.label) for use, words in WORDS.items()}
API = {"restricted": Field(_("Restricted")), "title": Field(_("Purpose")), "name": Field(_("Name"))}


class ApplicationEvent(Event):
    @property
    def application(self) -> HostApplication:
        """The application whose page shows it."""
        application: HostApplication = self.on
        return application

    def belongs(self) -> dict[str, Any]:
        return {"team_id": self.application.team_id, "application_id": self.application.application_id}

    def words(self) -> dict[str, Any]:
        return {"person": self.by, "application": self.application}


class PartEvent(ApplicationEvent):
    """What happened to something that belongs to an application."""

    @property
    def application(self) -> HostApplication:
        application: HostApplication = self.on.application
        return application


class PersonEvent(PartEvent):
    """What happened to somebody's role on the host side."""

    @property
    def label(self) -> str:
        return f"{self.on.user} – {self.application}"

    def words(self) -> dict[str, Any]:
        return super().words() | {"role": ROLE["role"].words(self.on.role).lower()}


class KeyEvent(PartEvent):
    """What happened to a device key."""

    @property
    def label(self) -> str:
        return str(self.application)


class ApiEvent(PartEvent):
    """What happened to an API in an application's list."""

    @property
    def label(self) -> str:
        return f"{self.on} – {self.application}"


def app_administrators(text: str | Promise, page: str, detail: Callable[[Any], str] = nothing) -> Notify:
    """Return what notifies the application's administrators of what `page` shows."""
    return Notify(
        kind=NotificationKind.KEYS,
        to=lambda event: [person.user for person in administrators_of(event.application)],
        text=text,
        url=lambda event: reverse(page, args=[event.application.application_id]),
        detail=detail,
    )


def the_person(text: str | Promise) -> Notify:
    """Return what notifies the person whose role it is."""
    return Notify(
        kind=NotificationKind.PEOPLE,
        to=lambda event: [event.on.user],
        text=text,
        url=lambda event: event.application.get_absolute_url(),
    )


def _key_of(event: ApplicationEvent) -> str:
    key = (event.after or event.before or {})["key"]
    return "\n".join(line for line in (key, event.reason) if line)


def old_one(event: Any) -> str:
    """Return until when a secret works that was reset at `ends_at`, or since when it doesn't (K-2)."""
    words = gettext("The old secret works until %(time)s.")
    if event.after is not None and not event.after["overlap"]:
        words = gettext("The old secret stopped working on %(time)s.")
    return words % {"time": times.full(event.ends_at)}


class ApplicationCreated(ApplicationEvent):
    name, icon, colour = "application.created", "plus", "blue"
    log = _("Host app created")
    fields = APPLICATION


class ApplicationEdited(ApplicationEvent):
    name, icon, colour = "application.edited", "edit", "blue"
    log = _("Host app edited")
    fields = APPLICATION


class ReviewerAdded(PersonEvent):
    name, icon, colour = "reviewer.added", "plus", "blue"
    log = _("Host app role granted")
    fields = ROLE
    notify = (the_person(_("You are now %(role)s of %(application)s")),)


class ReviewerInvited(PartEvent):
    name, icon, colour = "reviewer.invited", "mail", "blue"
    log = _("Reviewer invited")
    fields = ROLE

    @property
    def label(self) -> str:
        return f"{self.on.invitation.email} – {self.application}"


class ReviewerInvitationWithdrawn(ReviewerInvited):
    name, icon, colour = "reviewer.invitation_withdrawn", "x", "red"
    log = _("Reviewer invitation revoked")

    def heading(self, count: int) -> str:
        words = ngettext(
            "%(count)d reviewer invitation will be revoked", "%(count)d reviewer invitations will be revoked", count
        )
        return words % {"count": count}

    def announced(self) -> str:
        """Return whose it is: the heading says what becomes of it."""
        return str(self.on.invitation)


class ReviewerJoined(PersonEvent):
    name, icon, colour = "reviewer.joined", "user-plus", "green"
    log = _("Reviewer joined")
    fields = ROLE

    @property
    def label(self) -> str:
        """As the joining of a team: who it is stands before it."""
        return str(self.application)


class ReviewerRoleChanged(PersonEvent):
    name, icon, colour = "reviewer.role_changed", "edit", "blue"
    log = _("Host app role changed")
    fields = ROLE
    notify = (the_person(_("You are now %(role)s of %(application)s")),)


class ReviewerRemoved(PersonEvent):
    name, icon, colour = "reviewer.removed", "x", "red"
    log = _("Host app role removed")
    fields = ROLE
    notify = (the_person(_("You are no longer %(role)s of %(application)s")),)


class ApplicationKeyAdded(KeyEvent):
    name, icon, colour = "application_key.added", "plus", "blue"
    log = _("Device key added")
    fields = KEY
    notify = (app_administrators(_("%(person)s added a device key to %(application)s"), "hosts:detail", _key_of),)


class ApplicationKeyRevoked(KeyEvent):
    name, icon, colour = "application_key.revoked", "x", "red"
    log = _("Device key revoked")
    fields = KEY
    notify = (app_administrators(_("%(person)s revoked a device key of %(application)s"), "hosts:detail", _key_of),)


class SigningKeyAdded(ApplicationEvent):
    name, icon, colour = "signing_key.added", "plus", "blue"
    log = _("Signing key added")
    fields = KEY
    notify = (
        app_administrators(_("%(person)s added a signing key to %(application)s"), "hosts:signing_keys", _key_of),
    )


class SigningKeyRetired(ApplicationEvent):
    name, icon, colour = "signing_key.retired", "key-off", "secondary"
    log = _("Signing key retired")
    fields = KEY
    notify = (
        app_administrators(_("%(person)s retired a signing key of %(application)s"), "hosts:signing_keys", _key_of),
    )


class ConfigurationDownloaded(KeyEvent):
    name, icon, colour = "application.configuration_downloaded", "download", "secondary"
    log = _("Configuration file downloaded")
    fields = KEY
    kept = True  # whether one carries the newest key


class ServerSecretGenerated(ApplicationEvent):
    name, icon, colour = "server_secret.generated", "key", "green"
    log = _("Server secret generated")
    fields = SECRET
    notify = (app_administrators(_("%(person)s generated the server secret of %(application)s"), "hosts:gateway"),)


class ServerSecretReset(ApplicationEvent):
    name, icon, colour = "server_secret.reset", "refresh", "blue"
    log = _("Server secret reset")
    fields = SECRET
    notify = (app_administrators(_("%(person)s reset the server secret of %(application)s"), "hosts:gateway", old_one),)

    def __init__(self, on: HostApplication, *, ends_at: datetime, **values: Any) -> None:
        super().__init__(on, **values)
        self.ends_at = ends_at


class ProofsRequired(ApplicationEvent):
    name, icon, colour = "application.proofs_required", "shield-check", "blue"
    log = _("Installation proof settings changed")
    fields = PROOFS
    notify = (
        app_administrators(_("%(person)s changed the installation proof settings of %(application)s"), "hosts:proofs"),
    )


class ProofsEnded(ApplicationEvent):
    name, icon, colour = "application.proofs_ended", "shield-x", "red"
    log = _("Installation proofs invalidated")
    notify = (
        app_administrators(
            _("%(person)s invalidated all installation proofs of %(application)s"),
            "hosts:proofs",
            lambda event: event.reason,
        ),
    )


class ApiAdded(ApiEvent):
    name, icon, colour = "api.added", "plus", "blue"
    log = _("Sensitive API added")
    fields = API


class ApiRemoved(ApiEvent):
    name, icon, colour = "api.removed", "x", "red"
    log = _("Sensitive API removed")
    fields = API


class ApiRestricted(ApiEvent):
    name, icon, colour = "api.restricted", "lock", "orange"
    log = _("API restricted")
    fields = API


class ApiOpened(ApiEvent):
    name, icon, colour = "api.opened", "lock-open", "green"
    log = _("API made public")
    fields = API


class DefaultApiCreated(Event):
    name, icon, colour = "default_api.created", "plus", "blue"
    log = _("Default sensitive API created")
    fields = API


class DefaultApiEdited(Event):
    name, icon, colour = "default_api.edited", "edit", "blue"
    log = _("Default sensitive API edited")
    fields = API


class DefaultApiDeleted(Event):
    name, icon, colour = "default_api.deleted", "trash", "red"
    log = _("Default sensitive API deleted")
    fields = API
