"""What an operator sets up first (P-11). Ticked is only what the console knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts import delivery
from console.base.accounts.forms import NewTeamForm
from console.base.accounts.models import Invitation, MailServer, Membership, Team, User
from console.base.accounts.permissions import TeamRole
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.hosts.events import DefaultApiCreated, DefaultApiDeleted, DefaultApiEdited
from console.base.hosts.models import DefaultApi
from console.home.checklist import Checklist, Step
from messaging.models import PublicTemplate
from miniprograms.models import IdeDownload

CHANGED = [event.name for event in (DefaultApiCreated, DefaultApiDeleted, DefaultApiEdited)]


def of_platform(user: User, *, host: str, at: datetime) -> Checklist | None:
    """Return the list of an operator who is at `host`; None when only optional steps are left.

    Another host than BASE_URL's brings no list back: an operator may use a second name, or a tunnel.
    """
    steps = [_address(host), _team(at), _mail(), _templates(), _downloads(), _apis()]
    if all(step.done or step.optional for step in steps[1:]):
        return None
    return Checklist(
        key="platform",
        heading=_("Welcome. Let’s set up the console"),
        lead=_("About 10 minutes. You can leave and continue later."),
        title=_("Set up the platform"),
        foot=_("This list disappears when all required steps are done."),
        steps=steps,
        aside="core/home_mail.html" if steps[1].form else "",
        given={"mail": _example(user, at)} if steps[1].form else {},
    )


def _address(host: str) -> Step:
    """The operator is signed in, so sign-in works; the links in e-mails lead to BASE_URL."""
    configured = urlsplit(settings.BASE_URL).netloc
    words = {"configured": configured, "here": host}
    return Step(
        title=_("Address and sign-in"),
        done=configured == host,
        result=_("%(configured)s, set at installation") % words,
        text=_("Links in e-mails lead to %(configured)s, but you are at %(here)s. Set BASE_URL and restart.") % words,
    )


def _team(at: datetime) -> Step:
    """Done when somebody administers a team, or can by the link that they got."""
    admins = Membership.objects.filter(role=TeamRole.ADMIN, user__is_active=True)
    admin = admins.select_related("team", "user").order_by("pk").first()
    open_ones = Invitation.objects.open().filter(role=TeamRole.ADMIN).select_related("team")
    invited = None if admin else open_ones.order_by("expires_at").last()
    expired = invited is not None and invited.expires_at <= at
    text = _("Mini programs and host apps belong to teams. The administrator can do the rest without you.")
    result = ""
    if admin:
        result = _("%(team)s, %(person)s") % {"team": admin.team, "person": admin.user}
    elif invited:
        words = {"team": invited.team, "email": invited.email}
        text = _("The invitation of %(email)s to %(team)s has expired. Add the address to the team again.") % words
        result = _("%(team)s: %(email)s is invited and hasn’t joined yet") % words
    return Step(
        title=_("First team and its administrator"),
        text=text,
        done=bool(admin or invited) and not expired,
        result=result,
        form="" if admin or invited else "core/home_new_team.html",
        given={"form": NewTeamForm()},
        action=_("Teams"),
        url=reverse("platform:teams"),
    )


def _mail() -> Step:
    """The console knows that a mail server took a mail, not that anybody read it; or that none is set."""
    kept_here = settings.EMAIL_BACKEND.endswith((".console.EmailBackend", ".mailbox.Backend"))
    sent = Invitation.objects.filter(emailed_at__isnull=False).order_by("emailed_at").last()
    failure = "" if sent else (MailServer.objects.first() or MailServer()).last_failure
    text = _("Checked when the first invitation is sent.")
    if settings.MAILBOX:
        text = _("E-mails are kept in the mailbox of this machine, as EMAIL_URL is not set.")
    elif kept_here:
        text = _("EMAIL_URL is not set: e-mails are printed in the terminal.")
    elif failure:
        text = _("The mail server answered: %(failure)s") % {"failure": failure}
    return Step(
        title=_("E-mail"),
        text=text,
        done=bool(sent) and not kept_here,
        optional=kept_here,
        result=_("invitation sent through the mail server, %(when)s")
        % {"when": times.relative(sent.emailed_at) if sent and sent.emailed_at else ""},
        waits=True,
        action=_("System status"),
        url=reverse("platform:status"),
    )


def _templates() -> Step:
    count = PublicTemplate.objects.listed().count()
    return Step(
        title=_("Template library"),
        text=_("Lets teams send subscription messages."),
        done=bool(count),
        result=ngettext("%(n)d template", "%(n)d templates", count) % {"n": count},
        action=_("Add template"),
        url=reverse("platform:add_template"),
    )


def _downloads() -> Step:
    newest = IdeDownload.objects.order_by("pk").last()
    return Step(
        title=_("IDE download"),
        text=_("Developers use it to build packages. Enter the vendor’s address."),
        done=newest is not None,
        result=str(newest or ""),
        action=_("Add download"),
        url=reverse("platform:add_ide_download"),
    )


def _apis() -> Step:
    count = DefaultApi.objects.count()
    changed = ActivityEntry.objects.filter(target_type=DefaultApi._meta.model_name, verb__in=CHANGED).exists()
    known = ngettext(
        "%(n)d API is listed. Application administrators choose whether it needs permission.",
        "%(n)d APIs are listed. Application administrators choose which of them need permission.",
        count,
    )
    return Step(
        title=_("Sensitive APIs"),
        text=known % {"n": count},
        done=changed,
        result=_("list changed"),
        action=_("Review list"),
        url=reverse("platform:apis"),
        optional=True,
    )


def _example(user: User, at: datetime) -> dict[str, str | list[str]]:
    """Return the mail that an invited administrator gets: the same that is sent, with a shortened link."""
    team = Team(name="…")
    expires = at + timedelta(days=settings.INVITATION_DAYS)
    invited = Invitation(
        pk=0, team=team, email="…", role=TeamRole.ADMIN, invited_by=user, invited_at=at, expires_at=expires
    )
    message = delivery.invitation_message(invited)
    lines = message.body.partition("\n\n-- \n")[0].split("\n\n")
    link = f"{settings.BASE_URL.rstrip('/')}/…"
    return {"subject": str(message.subject), "lines": [link if "://" in line else line for line in lines]}
