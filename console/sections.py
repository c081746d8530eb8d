"""The console's menu as data. The eight sections follow the folder tree; a section is drawn once its page exists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from django.urls import NoReverseMatch, ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.base.accounts.permissions import Permission


@dataclass(frozen=True)
class Section:
    """An entry of the menu: `url_name` is its page across programs, `program_url_name` the one for a program.

    `inside` is its label on a program's pages, where it has another. `pages` are label and URL name of the pages that
    it has for a program, when there are several; of a section that has none for a program they are its own. Who holds
    `permission` in no team does not see it; OPERATOR is for operators. `key` is the letter that leads to it after G.
    `also` is a second namespace whose pages are its own.
    """

    label: str | Promise
    icon: str
    url_name: str
    app: str = ""
    program_url_name: str = ""
    inside: str | Promise = ""
    pages: tuple[tuple[str | Promise, str], ...] = ()
    permission: Permission = Permission.VIEW
    key: str = ""
    also: str = ""

    @property
    def url(self) -> str:
        """Its address; empty while the page does not exist."""
        return page(self.url_name)

    def url_for(self, app_id: str) -> str:
        """Its address for one program; the program's own page while it has none."""
        return resolve(self.program_url_name, app_id) or resolve("miniprograms:detail", app_id)

    def holds(self, match: ResolverMatch | None) -> bool:
        """Whether a resolved URL is one of its pages."""
        if match is None:
            return False
        space, _colon, _name = self.url_name.rpartition(":")
        if not space:
            return bool(match.view_name == self.url_name)
        return bool(match.namespaces) and match.namespaces[0] in {space, self.also}


HOME = (Section(_("Home"), "home", "home", key="h"),)
MINI_PROGRAM = (
    Section(
        _("Mini programs"),
        "apps",
        "miniprograms:list",
        "miniprograms",
        "miniprograms:detail",
        inside=_("Details"),
        key="m",
    ),
    Section(
        _("Versions"),
        "versions",
        "releases:overview",
        "releases",
        "releases:versions",
        pages=(
            (pgettext_lazy("versions", "Now"), "releases:versions"),
            (_("Uploads"), "releases:uploads"),
            (_("Audit records"), "releases:audits"),
            (_("Release history"), "releases:history"),
        ),
        key="v",
    ),
    Section(_("Grayscale"), "adjustments-horizontal", "grayscale:overview", "grayscale", "grayscale:tasks", key="g"),
    Section(
        pgettext_lazy("section", "Development"),
        "code",
        "devmgmt:overview",
        "devmgmt",
        "devmgmt:domains",
        pages=(
            (_("Server domains"), "devmgmt:domains"),
            (_("Interface permissions"), "devmgmt:permissions"),
            (_("Real-time logs"), "devmgmt:logs"),
        ),
        key="d",
    ),
    Section(_("Keys"), "key", "keys:overview", "devmgmt.keys", "keys:keys", permission=Permission.ADMINISTER, key="k"),
    Section(
        _("Subscription messages"),
        "message",
        "messaging:overview",
        "messaging",
        "messaging:templates",
        pages=(
            (_("Public template library"), "messaging:library"),
            (_("My templates"), "messaging:templates"),
            (_("Send log"), "messaging:log"),
            (_("Sandbox"), "messaging:sandbox"),
        ),
        key="s",
    ),
    Section(_("Settings"), "settings", "privacy:overview", "miniprograms.privacy", "privacy:agreement", key="e"),
    Section(_("Offline package"), "package-export", "offline:overview", "releases.offline", "offline:package", key="o"),
)
PAGE_KEYS = {"devmgmt:logs": "l"}  # of pages below a section
DETAILS_KEY = "i"
ALL_PROGRAMS = replace(MINI_PROGRAM[0], label=_("All mini programs"))
HOST_SIDE = (
    Section(_("Host apps"), "device-mobile", "hosts:list", "console.base.hosts", key="p"),
    Section(_("Reviews"), "clipboard-check", "reviews:list", "console.reviews", key="r"),
)
ORGANISATION = (
    Section(_("Teams"), "users", "accounts:list", "console.base.accounts", key="t"),
    Section(_("Automation"), "robot", "automation:tokens", "console.api.manage", key="u", also="webhooks"),
    Section(_("Activity"), "activity", "activity", key="a"),
)
PLATFORM = (
    Section(
        _("Platform"),
        "server-cog",
        "platform:overview",
        "console.platform",
        pages=(
            (_("Overview"), "platform:overview"),
            (_("Teams"), "platform:teams"),
            (_("People"), "platform:people"),
            (_("Categories"), "platform:categories"),
            (_("Template library"), "platform:templates"),
            (_("Sensitive APIs"), "platform:apis"),
            (_("IDE downloads"), "platform:ide"),
            (_("Security log"), "platform:security_log"),
            (_("System status"), "platform:status"),
            (_("Storage"), "platform:sizes"),
        ),
        permission=Permission.OPERATOR,
    ),
)
# A person's own pages; the menu beside them is this one.
ACCOUNT = (
    Section(_("Profile"), "user", "accounts:profile"),
    Section(_("Security"), "shield-lock", "mfa_index"),
    Section(_("Notifications"), "bell", "notification_choices"),
    Section(_("Teams and roles"), "users", "accounts:list"),
)
# What an application has pages of its own for.
APPLICATION = (
    (_("Details"), "info-circle", "hosts:detail"),
    (_("Mini programs"), "apps", "hosts:programs"),
    (_("Sensitive APIs"), "lock", "hosts:apis"),
    (_("Grants"), "lock-open", "hosts:grants"),
    (_("Message gateway"), "webhook", "hosts:gateway"),
    (_("Signing keys"), "signature", "hosts:signing_keys"),
    (_("Activity"), "activity", "hosts:activity"),
)
# Pages of an application whose address does not lie below the page that they are about.
ELSEWHERE = {
    "hosts:revoke_exemption": "hosts:grants",
    "hosts:revoke_permission": "hosts:grants",
    "hosts:generate_server_secret": "hosts:gateway",
    "hosts:reset_server_secret": "hosts:gateway",
    "hosts:ban": "hosts:gateway",
    "hosts:lift_ban": "hosts:gateway",
}
Groups = tuple[tuple[str | Promise, tuple[Section, ...]], ...]
GROUPS: Groups = (
    ("", HOME),
    (_("Mini program"), MINI_PROGRAM),
    (_("Host app"), HOST_SIDE),
    (_("Organisation"), ORGANISATION),
    (_("Platform"), PLATFORM),
)
# What is above the pages of one program or application.
GROUPS_ABOVE: Groups = (("", (*HOME, ALL_PROGRAMS)),)


def resolve(name: str, *args: str) -> str:
    """Return the URL of a page, or "" when no such page exists yet."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@cache
def page(name: str) -> str:
    """Return the URL of a page without arguments; the same as long as the process lives."""
    return resolve(name)


def section_of(match: ResolverMatch | None) -> Section:
    """Return the mini program section that a resolved URL belongs to; the list when it is none of them.

    On one of several pages that it has for a program, that page is the one of other programs, too.
    """
    section = next((section for section in MINI_PROGRAM if section.holds(match)), MINI_PROGRAM[0])
    name = match.view_name if match else ""
    return replace(section, program_url_name=name) if name in dict(section.pages).values() else section
