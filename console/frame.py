"""What the frame around every page needs: its menu, the path that the menu marks, switchers, notices."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

from console.base.accounts.access import team_asking_for_factor
from console.base.accounts.models import Notification, Team, User
from console.base.accounts.permissions import Permission
from console.base.hosts.models import HostApplication
from console.reviews import querysets
from console.sections import (
    ACCOUNT,
    ALL_PROGRAMS,
    APPLICATION,
    DETAILS_KEY,
    ELSEWHERE,
    GROUPS,
    GROUPS_ABOVE,
    MINI_PROGRAM,
    PAGE_KEYS,
    PLATFORM,
    Groups,
    Section,
    page,
    resolve,
    section_of,
)
from console.version import VERSION
from miniprograms.models import MiniProgram

NEWEST_NOTICES = 8
MOST_UNREAD = 100


class Frame:
    """Menu, switchers, notices. Nothing is asked of the database before a template draws it.

    Four queries a page, five for who decides requests.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: User = request.user  # type: ignore[assignment]

    @cached_property
    def account(self) -> list[dict[str, Any]]:
        """The menu of the person's own pages, on one of them; else none."""
        name = "mfa_index" if self.request.path.startswith("/account/") else self._view_name
        if name not in {section.url_name for section in ACCOUNT} - {"accounts:list"}:
            return []
        return [
            {"label": each.label, "icon": each.icon, "url": each.url, "active": each.url_name == name}
            for each in ACCOUNT
        ]

    @cached_property
    def in_platform(self) -> bool:
        """Whether this is one of the operators' pages."""
        return self.user.is_staff and PLATFORM[0].holds(self.request.resolver_match)

    @property
    def version(self) -> str:
        """Which release this is; for operators also the build, which comes after the +."""
        return VERSION if self.user.is_staff else VERSION.partition("+")[0]

    @cached_property
    def locked(self) -> bool:
        """Whether nothing of a team opens before the person has set up a second factor (P-6)."""
        return team_asking_for_factor(self.request) is not None

    @cached_property
    def menu(self) -> list[dict[str, Any]]:
        """The groups with the entries that exist."""
        return self._groups(GROUPS)

    @property
    def menu_in_program(self) -> list[dict[str, Any]]:
        """The menu on the pages of a program: its sections are those of this one, and a click never leaves it."""
        return [*self._groups(GROUPS_ABOVE), {"own": True, "entries": self._program_entries}, *self._groups(GROUPS[2:])]

    @cached_property
    def _program_entries(self) -> list[dict[str, Any]]:
        sections = [section for section in MINI_PROGRAM if self._may_see(section)]
        entries = [
            self._entry(section) | {"label": section.inside or section.label, "url": section.url_for(self.app_id)}
            for section in sections
        ]
        entries[0] |= {"icon": "info-circle", "key": DETAILS_KEY}
        return entries

    @property
    def menu_in_platform(self) -> list[dict[str, Any]]:
        """The menu on the operators' pages, which leaves them the room of the sections."""
        return [*self._groups(GROUPS_ABOVE), *self._groups(GROUPS[2:])]

    @property
    def menu_in_application(self) -> list[dict[str, Any]]:
        """The menu on the pages of a host application: its pages are in the middle."""
        host_side = self._groups(GROUPS[2:3])
        for entry in host_side[0]["entries"]:
            entry["active"] = False
        own = {"own": True, "entries": self._application_entries}
        return [*self._groups(GROUPS_ABOVE), *host_side, own, *self._groups(GROUPS[3:])]

    @cached_property
    def _application_entries(self) -> list[dict[str, Any]]:
        pages = [(label, icon, resolve(name, self.application_id)) for label, icon, name in APPLICATION]
        elsewhere = ELSEWHERE.get(self._view_name, "")
        here = resolve(elsewhere, self.application_id) if elsewhere else self._longest(url for *_other, url in pages)
        return [{"label": label, "icon": icon, "url": url, "active": url == here} for label, icon, url in pages if url]

    @property
    def trail(self) -> list[dict[str, Any]]:
        """What the menu marks, as crumbs: the section and its page that this page lies below.

        The crumb of a program, an application or the platform leads to the first entry already.
        """
        if self.account:
            steps = self.account
        elif self.in_platform:
            steps = self._pages(PLATFORM[0])[1:]
        elif self.application_id:
            steps = self._application_entries[1:]
        elif self.app_id:
            sections = [entry for entry in self._program_entries[1:] if entry["active"]]
            steps = [step for section in sections for step in (section, *section["pages"])]
        else:
            steps = [entry for group in self.menu[1:] for entry in group["entries"]]
        trail: list[dict[str, Any]] = []
        for step in steps:
            if step["active"] and step["url"] not in {self.request.path, *(each["url"] for each in trail)}:
                trail.append(step)
        return trail

    def _groups(self, groups: Groups) -> list[dict[str, Any]]:
        found = []
        for label, sections in groups:
            entries = [self._entry(section) for section in sections if section.url and self._may_see(section)]
            if entries:
                found.append({"label": label, "entries": entries})
        return found

    def _may_see(self, section: Section) -> bool:
        """Whether the user holds the section's permission: on a program's page in its team, elsewhere in some team.

        What people without a team see is empty.
        """
        if section.permission is Permission.VIEW:
            return True
        if section.permission is Permission.OPERATOR:
            return self.user.is_staff
        may = {row.team_id: row.may(section.permission) for row in self.user.team_roles}
        if self.app_id and len(set(may.values())) > 1:  # The only ones who pay for a query.
            return any(may.get(team, False) for team in self._team_ids_here())
        return any(may.values())

    def _team_ids_here(self) -> list[int]:
        return list(MiniProgram.objects.filter(app_id=self.app_id).values_list("team_id", flat=True))

    @cached_property
    def app_id(self) -> str:
        """The App ID that the address of this page names."""
        return self._named("app_id")

    @cached_property
    def application_id(self) -> str:
        """The Application ID that the address of this page names."""
        return self._named("application_id")

    @property
    def _view_name(self) -> str:
        match = self.request.resolver_match
        return match.view_name if match else ""

    def _named(self, name: str) -> str:
        match = self.request.resolver_match
        return str(match.kwargs.get(name, "")) if match else ""

    def _entry(self, section: Section) -> dict[str, Any]:
        active = section.holds(self.request.resolver_match) and section is not ALL_PROGRAMS
        return {
            "label": section.label,
            "icon": section.icon,
            "url": section.url,
            "active": active,
            "key": section.key,
            "pages": self._pages(section),
            "count": self.waiting if section.app == "console.reviews" else 0,
            "shows_late_parts": section.app == "console.platform",
        }

    def _pages(self, section: Section) -> list[dict[str, Any]]:
        """The section's own pages, or those of the program that this page is about; none across programs."""
        if not section.program_url_name:
            pages = [(label, page(name), "") for label, name in section.pages]
        else:
            named = section.pages if self.app_id else ()
            pages = [(label, resolve(name, self.app_id), PAGE_KEYS.get(name, "")) for label, name in named]
        here = self._longest(url for _label, url, _key in pages)
        return [{"label": label, "url": url, "key": key, "active": url == here} for label, url, key in pages if url]

    def _longest(self, urls: Iterable[str]) -> str:
        """Return the address that this page lies below, the nearest of several."""
        return max((url for url in urls if url and self.request.path.startswith(url)), key=len, default="")

    @cached_property
    def section(self) -> Section:
        """The mini program section of this page; the list elsewhere."""
        return section_of(self.request.resolver_match)

    @cached_property
    def waiting(self) -> int:
        """How many decisions wait for the user."""
        # Most people decide nothing.
        if self.locked or not HostApplication.objects.where(self.user, Permission.DECIDE).exists():
            return 0
        return querysets.count(querysets.waiting_for(self.user))

    @cached_property
    def teams(self) -> list[Team]:
        """The user's teams in which they may see the section."""
        if self.locked:
            return []
        return [row.team for row in self.user.team_roles if row.may(self.section.permission)]

    @cached_property
    def team(self) -> Team | None:
        """The team that the list's filter names."""
        chosen = self.request.GET.get("team", "")
        return next((team for team in self.teams if str(team.pk) == chosen), None)

    @cached_property
    def notices(self) -> list[Notification]:
        """The newest notifications."""
        return [] if self.locked else list(self.user.notifications.shown()[:NEWEST_NOTICES])

    @cached_property
    def unread(self) -> int:
        """How many notifications are not marked as read, counted up to MOST_UNREAD."""
        return Notification.objects.unread_by(self.user)[:MOST_UNREAD].count()

    @property
    def unread_words(self) -> str:
        """The same as it is shown: “99+” where there are more."""
        return str(self.unread) if self.unread < MOST_UNREAD else f"{MOST_UNREAD - 1}+"

    @cached_property
    def has_mfa(self) -> bool:
        """Whether the user can prove who they are without the password."""
        return bool(is_mfa_enabled(self.user))


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame around every page; costs nothing until it is drawn."""
    user = getattr(request, "user", None)
    return {"frame": Frame(request)} if user is not None and user.is_authenticated else {}
