"""From nothing to the first published version of a team (P-11). Asked only while the team has not got there."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.models import Invitation, Membership, Team, User
from console.base.accounts.permissions import ApplicationRole, Permission, TeamRole
from console.base.core.text import listed
from console.base.hosts.models import HostApplication, ReviewerInvitation
from console.base.hosts.people import reviewers_of
from console.base.hosts.states import DecisionState
from console.home.checklist import Checklist, Step
from console.home.person import Person
from miniprograms.models import Binding, MiniProgram
from releases.models import Release, Version
from releases.states import VersionState

PEOPLE = 6  # shown beside the list


def of_team(person: Person, *, at: datetime) -> Checklist | None:
    """Return the list of the newest team that the person administers and that is not there yet; None without one."""
    own = Release.objects.filter(mini_program__team=OuterRef("pk"))
    hosted = Binding.objects.approved().filter(application__team=OuterRef("pk"), mini_program__releases__isnull=False)
    administered = person.teams(Permission.ADMINISTER)
    if not administered:
        return None
    teams = Team.objects.filter(~Exists(own), ~Exists(hosted), pk__in=administered)
    team = teams.order_by("-created_at", "-pk").first()
    return FirstProgram(team, person.user).checklist() if team else None


class FirstProgram:
    """The team's first application, mini program, binding and version, each asked for once."""

    def __init__(self, team: Team, user: User) -> None:
        self.team = team
        self.user = user

    def checklist(self) -> Checklist:
        """Return the list; the next step is the first that is not done."""
        return Checklist(
            key=f"team-{self.team.pk}",
            heading=_("Put your first mini program online"),
            lead=_("%(team)s: you are the administrator") % {"team": self.team},
            title=_("Steps to the first release"),
            foot=_("This list disappears when the first version is online."),
            steps=[
                self._application(),
                self._reviewer(),
                self._program(),
                self._binding(),
                self._upload(),
                self._audit(),
                self._publish(),
            ],
            aside="core/home_fits.html",
            given={"team": self.team, "members": self._members(), "invited": self._invited()},
        )

    @cached_property
    def program(self) -> MiniProgram | None:
        """The one that asked for a binding, else the first."""
        if self.binding:
            return self.binding.mini_program
        return MiniProgram.objects.filter(team=self.team).order_by("pk").first()

    @cached_property
    def binding(self) -> Binding | None:
        """The one that got furthest."""
        bindings = (
            Binding.objects.filter(mini_program__team=self.team)
            .live()
            .select_related("application__team", "mini_program")
        )
        found = sorted(bindings, key=lambda row: (row.state != DecisionState.APPROVED, row.pk))
        return found[0] if found else None

    @cached_property
    def application(self) -> HostApplication | None:
        """The one that was asked, else the team's own."""
        if self.binding:
            return self.binding.application
        return HostApplication.objects.filter(team=self.team).select_related("team").order_by("pk").first()

    @cached_property
    def version(self) -> Version | None:
        """The newest of the program."""
        rows = Version.objects.filter(mini_program=self.program) if self.program else Version.objects.none()
        return rows.light().order_by("-uploaded_at").first()

    @cached_property
    def own(self) -> bool:
        """Whether the application is the team's: names of another team's people are its own (P-1)."""
        return self.application is not None and self.application.team_id == self.team.pk

    @cached_property
    def reviewers(self) -> list[User]:
        """Who may decide what this person asks for (P-2), in the team's own application."""
        everybody = reviewers_of(self.application) if self.application and self.own else []
        return [each for each in everybody if each != self.user]

    def _members(self) -> list[tuple[Membership, str]]:
        """The first members, each with the role that says most: a viewer may be a reviewer."""
        people = self.application.people.all() if self.application and self.own else []
        roles = {person.user_id: person.get_role_display() for person in people}
        members = self.team.memberships.select_related("user").by_rank()[:PEOPLE]
        return [
            (row, (row.role == TeamRole.VIEWER and roles.get(row.user_id)) or row.get_role_display()) for row in members
        ]

    def _invited(self) -> list[tuple[Invitation, str]]:
        """The first open invitations, each with the role that says most: as of members."""
        invitations = list(self.team.invitations.open()[:PEOPLE])
        rows = ReviewerInvitation.objects.filter(invitation__in=invitations)
        reviewers = set(rows.values_list("invitation_id", flat=True))
        reviewer = str(ApplicationRole.REVIEWER.label)
        return [
            (row, reviewer if row.role == TeamRole.VIEWER and row.pk in reviewers else row.get_role_display())
            for row in invitations
        ]

    def _application(self) -> Step:
        return Step(
            title=_("Host app"),
            text=_("The super app that runs your mini programs. Skip this if another team’s app accepts yours."),
            done=self.application is not None,
            result=str(self.application or ""),
            who=_("you"),
            action=_("Create host app"),
            url=_with(reverse("hosts:create"), team=self.team.pk),
        )

    def _reviewer(self) -> Step:
        url, action = "", ""
        invited = None
        if self.own and not self.reviewers:
            assert self.application  # noqa: S101 - for the type checker
            invited = ReviewerInvitation.objects.filter(application=self.application).open().first()
            email = {"email": invited.invitation.email} if invited else {}
            url = _with(reverse("hosts:invite_reviewer", args=[self.application.application_id]), **email)
            action = _("Send again…") if invited else _("Invite a reviewer…")
        text = _("Decides bindings and audits. It can’t be you: you can’t decide your own requests.")
        if invited:
            text = _("%(email)s has not accepted the invitation yet.") % {"email": invited.invitation.email}
        return Step(
            title=_("Reviewer"),
            text=text,
            done=bool(self.application and (self.reviewers or not self.own)),
            waits=invited is not None,
            result=listed(self.reviewers[:PEOPLE]) if self.own else self._people_of_owner(),
            who=_("you"),
            action=action,
            url=url,
            in_dialog=True,
        )

    def _people_of_owner(self) -> str:
        return _("members of %(team)s") % {"team": self.application.team if self.application else ""}

    def _program(self) -> Step:
        asked = {"application": self.application.application_id} if self.application else {}
        return Step(
            title=_("Mini program"),
            text=_("Name, category and one sentence. You can request the binding in the same form."),
            done=self.program is not None,
            result=listed([self.program, self.program.app_id]) if self.program else "",
            who=_("you"),
            action=_("Create mini program"),
            url=_with(reverse("miniprograms:create"), team=self.team.pk, **asked),
        )

    def _binding(self) -> Step:
        program, binding = self.program, self.binding
        asked = binding is not None
        text = _("Devices get the mini program only in host apps it is bound to.")
        if binding:
            text = _("Requested from %(application)s. One of its reviewers decides.") % {
                "application": binding.application
            }
        return Step(
            title=_("Bind it to the host app"),
            text=text,
            done=bool(binding and binding.state == DecisionState.APPROVED),
            waits=asked,
            result=str(binding.application) if binding else "",
            who=self._deciders() if asked else _("you"),
            action=_("Request a binding") if program and not asked else "",
            url=reverse("miniprograms:ask_for_binding", args=[program.app_id]) if program and not asked else "",
        )

    def _deciders(self) -> str:
        if self.application and not self.own:
            return self._people_of_owner()
        return listed(self.reviewers[:2]) or _("a reviewer")

    def _upload(self) -> Step:
        program = self.program
        return Step(
            title=_("Upload version"),
            text=_("The package from the IDE. It is checked during the upload."),
            done=self.version is not None,
            result=self.version.number if self.version else "",
            who=_("you or a developer"),
            action=_("Upload") if program else "",
            url=reverse("releases:upload", args=[program.app_id]) if program else "",
        )

    def _audit(self) -> Step:
        version, state = self.version, self.version.state if self.version else ""
        text = _("Every bound app reviews it.")
        if state == VersionState.IN_AUDIT:
            text = _("%(version)s is in audit.") % {"version": version}
        elif state == VersionState.REJECTED:
            text = _("%(version)s was rejected. Upload a new one.") % {"version": version}
        submits = self._url("releases:submit") if state == VersionState.DEVELOPMENT else ""
        return Step(
            title=_("Audit"),
            text=text,
            done=state == VersionState.APPROVED,
            waits=state == VersionState.IN_AUDIT,
            result=_("%(version)s approved") % {"version": version},
            who=self._deciders(),
            action=_("Submit for audit…") if submits else "",
            url=submits,
            in_dialog=True,
        )

    def _publish(self) -> Step:
        ready = self.version is not None and self.version.state == VersionState.APPROVED
        return Step(
            title=_("Publish"),
            text=_("Or start with a grayscale task for a few devices."),
            who=_("you"),
            action=_("Publish…") if ready else "",
            url=self._url("releases:publish") if ready else "",
            in_dialog=True,
        )

    def _url(self, page: str) -> str:
        assert self.program and self.version  # noqa: S101 - for the type checker
        return reverse(page, args=[self.program.app_id, self.version.number])


def _with(url: str, **values: object) -> str:
    return f"{url}?{urlencode(values)}" if values else url
