"""What happens to versions, audits, releases and trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import User
from console.base.accounts.notifying import Notify, member_or_managers, members_with, nothing, reason_of
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.fields import Field, Hash, State
from console.base.hosts.models import HostApplication
from console.base.hosts.people import administrators_of, reviewers_of
from miniprograms.events import ProgramEvent
from miniprograms.models import MiniProgram
from releases.models import Audit, ReviewDecision, Version
from releases.states import AuditState

T = TypeVar("T")

AUDIT = {"audit": Field(_("Audit record")), "package": Hash(_("Package")), "state": State(_("Status"))}


class VersionEvent(ProgramEvent):
    @property
    def version(self) -> Version:
        """The version that it is about."""
        version: Version = self.on
        return version

    @property
    def program(self) -> MiniProgram:
        program: MiniProgram = self.version.mini_program
        return program

    @property
    def label(self) -> str:
        return f"{self.program} {self.version}"

    @property
    def short(self) -> str:
        return str(self.version.number)

    def words(self) -> dict[str, Any]:
        return super().words() | {"version": self.version}


class AuditEvent(VersionEvent):
    """What came of an audit, or was asked for in one: `application` decided, or does so no longer.

    `undecided` are the decisions that its end took back.
    """

    fields = AUDIT
    application: HostApplication | None = None

    def __init__(
        self,
        on: Version,
        *,
        audit: Audit | None = None,
        decision: ReviewDecision | None = None,
        application: HostApplication | None = None,
        undecided: Sequence[ReviewDecision] = (),
        **values: Any,
    ) -> None:
        super().__init__(on, **values)
        self.audit, self.decision, self.undecided = audit, decision, undecided
        self.application = decision.application if decision else application

    @property
    def short(self) -> str:
        return f"{self.version} – {self.application}" if self.decision else str(self.version.number)

    def belongs(self) -> dict[str, Any]:
        # Who was unbound reads no more of the program.
        asked = {"application_id": self.decision.application.application_id} if self.decision else {}
        return super().belongs() | asked

    def words(self) -> dict[str, Any]:
        return super().words() | {"application": self.application}


def submitter(text: str | Promise, detail: Callable[[Any], str] | None = None) -> Notify:
    """Return what notifies who submitted the version, or who manages the program, of what came of the audit.

    Also where they did it themselves, by an unbinding.
    """
    return Notify(
        kind=NotificationKind.DECISION,
        to=lambda event: member_or_managers(event.audit.submitted_by, team=event.program.team),
        text=text,
        url=lambda event: event.audit.get_absolute_url(),
        detail=detail or _outcome,
        also_actor=True,
    )


def undecided(text: str | Promise, detail: Callable[[Any], str] = reason_of) -> Callable[[AuditEvent], None]:
    """Return what notifies the reviewers who had not decided that they need not any more, each on their own page."""

    def notify(event: AuditEvent) -> None:
        for decision in event.undecided:
            people, page = reviewers_of(decision.application), decision.get_absolute_url()
            Notify(
                kind=NotificationKind.REVIEW,
                to=partial(_always, people),
                text=text,
                url=partial(_always, page),
                detail=detail,
            )(event)

    return notify


def _undecided(left: int) -> str:
    words = ngettext("%(left)d app has not decided yet.", "%(left)d apps have not decided yet.", left)
    return words % {"left": left}


def _outcome(event: AuditEvent) -> str:
    """Return the reviewer's note, and whether the audit is through."""
    assert event.audit is not None  # noqa: S101 - only events of an audit notify so
    left = event.audit.decisions.waiting().count()
    outcome = {
        AuditState.APPROVED: gettext("All apps have approved it. It can be published now."),
        AuditState.REJECTED: gettext("The audit has ended. Upload the corrected package under a new version number."),
    }.get(AuditState(event.audit.state), _undecided(left))
    return "\n".join(line for line in (event.reason.strip(), outcome) if line)


def everyone(text: str | Promise) -> tuple[Callable[[Any], None], ...]:
    """Return what notifies who manages the program, and who administers an application that serves it.

    Each once, on their own side.
    """

    def notify(to: Callable[[Any], Iterable[User]], url: Callable[[Any], str]) -> Notify:
        return Notify(kind=NotificationKind.RELEASE, to=to, text=text, url=url, detail=_by_whom)

    def administrators(event: VersionEvent) -> None:
        for application in event.program.bindings.bound().applications().prefetch_related("people__user"):
            people = [person.user for person in administrators_of(application)]
            url = reverse("hosts:programs", args=[application.application_id])
            notify(partial(_always, people), partial(_always, url))(event)

    managers = notify(
        lambda event: members_with(event.program.team, Permission.MANAGE),
        lambda event: event.version.get_absolute_url(),
    )
    return (managers, administrators)


def _always(value: T, event: VersionEvent) -> T:
    return value


def _by_whom(event: VersionEvent) -> str:
    return "\n".join(filter(None, [gettext("By %(person)s.") % {"person": event.by}, event.reason.strip()]))


class VersionUploaded(VersionEvent):
    name, icon, colour = "version.uploaded", "upload", "secondary"
    log = _("Version uploaded")
    in_list = _("Version %(label)s uploaded")
    fields = AUDIT

    @classmethod
    def together(cls, targets: list[str]) -> tuple[str, str] | None:
        """Return “3 versions uploaded”, and the program; None where it has got another name between two of them."""
        first, *others = {target.rpartition(" ")[0] for target in targets}
        return None if others else (gettext("%(count)d versions uploaded") % {"count": len(targets)}, first)


class VersionSubmitted(VersionEvent):
    name, icon, colour = "version.submitted", "send", "blue"
    log = _("Version submitted for audit")
    in_list = _("Version %(label)s submitted")
    fields = AUDIT


class VersionWithdrawn(AuditEvent):
    name, icon, colour = "version.withdrawn", "arrow-back", "secondary"
    log = _("Version withdrawn from audit")
    in_list = _("Version %(label)s withdrawn")
    notify = (undecided(_("The audit of %(program)s %(version)s was withdrawn")),)


class VersionApproved(AuditEvent):
    name, icon, colour = "version.approved", "check", "green"
    log = _("Version approved")
    in_list = _("Approved: %(label)s")
    notify = (submitter(_("%(application)s approved %(program)s %(version)s")),)


class VersionRejected(AuditEvent):
    name, icon, colour = "version.rejected", "x", "red"
    log = _("Version rejected")
    in_list = _("Rejected: %(label)s")
    notify = (
        submitter(_("%(application)s rejected %(program)s %(version)s")),
        # Which one, and its note, is none of theirs (P-1).
        undecided(_("%(program)s %(version)s was rejected by another app. You no longer need to decide"), nothing),
    )


class ApprovedByUnbinding(VersionApproved):
    """The application that had not decided yet was unbound; all others have approved."""

    notify = (
        submitter(_("%(program)s %(version)s is approved: %(application)s was unbound and no longer decides"), nothing),
    )


class WithdrawnByUnbinding(VersionWithdrawn):
    """The application was unbound, and nobody is left to decide."""

    notify = (
        submitter(
            _(
                "%(program)s %(version)s is back in development: %(application)s was unbound, and no app is left "
                "to decide"
            ),
            nothing,
        ),
    )


class PackageDownloaded(AuditEvent):
    name, icon, colour = "package.downloaded", "download", "secondary"
    log = _("Package downloaded")
    in_list = ""  # only looked at


class VersionPublished(VersionEvent):
    name, icon, colour = "version.published", "rocket", "green"
    log = _("Version published")
    in_list = _("Version %(label)s published")
    fields = {"online": Field(_("Online version")), "package": Hash(_("Package"))}
    notify = everyone(_("%(program)s %(version)s is online"))


class VersionRolledBack(VersionEvent):
    name, icon, colour = "version.rolled_back", "arrow-back-up", "orange"
    log = _("Rolled back to")
    in_list = _("Rolled back to %(label)s")
    fields = {"online": Field(_("Online version")), "package": Hash(_("Package"))}
    notify = everyone(_("%(program)s was rolled back to %(version)s"))


class ReportRequested(AuditEvent):
    name, icon, colour = "report.requested", "report-search", "blue"
    log = _("Report requested")
    in_list = ""  # what is found is shown, not who asked


class TrialSet(VersionEvent):
    name, icon, colour = "trial.set", "test-pipe", "blue"
    log = _("Trial version set")
    in_list = _("Trial version %(label)s set")
    fields = {"page": Field(_("Opening page")), "query": Field(_("Query")), "version": Field(_("Version"))}


class TrialCancelled(VersionEvent):
    name, icon, colour = "trial.cancelled", "x", "secondary"
    log = _("Trial version cancelled")
    in_list = _("Trial version %(label)s cancelled")
    fields = {"page": Field(_("Opening page")), "query": Field(_("Query")), "version": Field(_("Version"))}


_FINDING = {"secret": Field(_("Finding")), "file": Field(_("File")), "until": Field(_("Until"))}


class FindingSettled(VersionEvent):
    name, icon, colour = "finding.settled", "circle-check", "green"
    log = _("Finding dismissed")
    in_list = _("Finding dismissed in %(label)s")
    fields = _FINDING


class FindingReopened(VersionEvent):
    name, icon, colour = "finding.reopened", "arrow-back-up", "secondary"
    log = _("Finding reopened")
    in_list = _("Finding reopened in %(label)s")
    fields = _FINDING
