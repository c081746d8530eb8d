"""What the search field and the palette find: everything that a person may see, by a part of its name or id.

Each kind is a question that is scoped to the person's teams and a way to draw a hit; `GROUPS` is their order. Names are
found however they are typed: in full-width forms, and Chinese ones by pinyin, whole (“gongjiao”) or by initials (“gj”).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.models import Membership, Team, User
from console.base.accounts.permissions import Permission
from console.base.core.text import listed
from console.base.hosts.models import HostApplication, SensitiveApi
from devmgmt.forms.logs import GUID
from devmgmt.models import SavedQuery, ServerDomain
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState
from messaging.models import MyTemplate
from miniprograms.models import MiniProgram
from miniprograms.querysets import MiniProgramQuerySet
from releases.models import Audit, Version

LONGEST = 100  # characters that are looked for
MOST_NAMES = 2000  # Chinese names whose pinyin is compared
MOST_VERSIONS = 500  # of one program, whose numbers are compared
HAN = r"[\u4e00-\u9fff]"


@dataclass(frozen=True)
class Scope:
    """Whose search it is, and the one program that it is limited to, if any; they see it."""

    user: User
    program: MiniProgram | None = None

    @property
    def programs(self) -> MiniProgramQuerySet:
        """The programs that are searched."""
        rows = MiniProgram.objects.visible_to(self.user)
        return rows.filter(pk=self.program.pk) if self.program else rows


@dataclass(frozen=True)
class Hit:
    """One thing that was found: `thing` has a picture, else there is the `icon`; `keys` lead there from any page."""

    label: str
    url: str
    context: str = ""
    icon: str = "file"
    thing: Any = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Hits of one kind, and whether there are more."""

    label: str | Promise
    hits: list[Hit]
    more: bool = False


def cleaned(typed: str) -> str:
    """Return the words to look for: full-width forms as their usual ones, one blank between two words."""
    return " ".join(unicodedata.normalize("NFKC", typed.replace("\0", "")).split())[:LONGEST]


def find(scope: Scope, words: str, *, limit: int) -> list[Group]:
    """Return what the user may see and `words` fit, at most `limit` of a kind; `words` as `cleaned` returns them."""
    groups = []
    for label, question in (*OF_PROGRAMS, *OF_ONE) if scope.program else GROUPS:
        hits = question(scope, words, limit + 1)
        if hits:
            groups.append(Group(label, hits[:limit], more=len(hits) > limit))
    return groups


def pages(menu: Iterable[dict[str, Any]], words: str) -> list[Hit]:
    """Return the entries of a menu, and the pages below them, whose label contains the words.

    Those that begin with them come first. Without words there are no pages below an entry but those that have keys.
    """
    found = []
    for group in menu:
        for entry in group["entries"]:
            for page in [entry, *entry.get("pages", [])]:
                context = "" if page is entry else str(entry["label"])
                keys = ("G", page["key"].upper()) if page.get("key") else ()
                if fits(str(page["label"]), words) and (words or keys or not context):
                    found.append(Hit(str(page["label"]), page["url"], context, entry["icon"], keys=keys))
    return sorted(found, key=lambda hit: f" {words}".casefold() not in f" {hit.label}".casefold())


# What can be begun for a program: who holds the permission, the words, the form, the picture.
ACTIONS: tuple[tuple[Permission, str | Promise, str, str], ...] = (
    (Permission.UPLOAD, gettext_lazy("New version"), "releases:upload", "upload"),
    (Permission.MANAGE, gettext_lazy("New grayscale task"), "grayscale:create", "plus"),
    (Permission.DEVELOP, gettext_lazy("Edit server domains"), "devmgmt:edit_domains", "world"),
    (Permission.VIEW, gettext_lazy("Check a device"), "grayscale:explain", "device-mobile"),
    (Permission.MANAGE, gettext_lazy("Edit mini program"), "miniprograms:edit", "edit"),
)


def actions(program: MiniProgram | None, words: str, *, creates: bool) -> list[Hit]:
    """Return what can be begun here: for the program of this page by what the user holds in it, or anywhere."""
    found = [
        Hit(str(label), reverse(name, args=[program.app_id]), icon=icon)
        for permission, label, name, icon in (ACTIONS if program else ())
        if program and permission in program.held and fits(str(label), words)
    ]
    create = _("Create mini program")
    return (
        [*found, Hit(create, reverse("miniprograms:create"), icon="plus")] if creates and fits(create, words) else found
    )


def fits(label: str, words: str) -> bool:
    """Say whether the label contains the words, or begins with them in pinyin."""
    return words.casefold() in label.casefold() or any(sound.startswith(words.casefold()) for sound in _sounds(label))


@lru_cache(maxsize=4096)
def _sounds(name: str) -> tuple[str, ...]:
    """Return a Chinese name in pinyin without tones, whole and by initials; nothing for another one."""
    if name.isascii():
        return ()
    from pypinyin import Style, lazy_pinyin  # Here: its dictionary costs every process 0.25 s and 57 MB.

    return "".join(lazy_pinyin(name)).lower(), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()


def by_sound(rows: QuerySet[Any], words: str, *, name: str = "name") -> list[int]:
    """Return the ids of the rows whose Chinese name begins with `words` in pinyin."""
    letters = words.replace(" ", "").replace("'", "").lower()
    if not letters.isascii() or not letters.isalpha():
        return []
    named = rows.filter(**{f"{name}__regex": HAN}).order_by().values_list("pk", name)[:MOST_NAMES]
    return [pk for pk, text in named if any(sound.startswith(letters) for sound in _sounds(text))]


def _programs(scope: Scope, words: str, limit: int) -> list[Hit]:
    rows = scope.programs
    found = (rows.matching(words) | rows.filter(pk__in=by_sound(rows, words))).select_related("team")
    return [Hit(row.name, row.get_absolute_url(), _of_program(row), thing=row) for row in found[:limit]]


def _of_program(program: MiniProgram) -> str:
    online = _("%(number)s online") % {"number": program.online_number} if program.online_number else ""
    return listed(filter(None, [program.team, online]))


def _versions(scope: Scope, words: str, limit: int) -> list[Hit]:
    """Whole numbers; of one program also their beginnings."""
    rows = Version.objects.filter(mini_program__in=scope.programs).select_related("mini_program__team")
    if scope.program:
        found = [row for row in rows[:MOST_VERSIONS] if row.number.startswith(words)][:limit]
    else:
        found = [*rows.numbered(words)[:limit]]
    return [
        Hit(f"{row.mini_program} {row}", row.get_absolute_url(), row.get_state_display(), thing=row.mini_program)
        for row in found
    ]


def _tasks(scope: Scope, words: str, limit: int) -> list[Hit]:
    rows = GrayscaleTask.objects.filter(mini_program__in=scope.programs)
    found = rows.filter(Q(name__icontains=words) | Q(pk__in=by_sound(rows, words)))
    now = timezone.now()
    return [
        Hit(
            row.name,
            row.get_absolute_url(),
            listed([f"{row.mini_program} {row.version}", TaskState(row.state_at(now)).label]),
            "adjustments-horizontal",
        )
        for row in found.select_related("mini_program", "version")[:limit]
    ]


def _audits(scope: Scope, words: str, limit: int) -> list[Hit]:
    if not words.isdigit():
        return []
    rows = Audit.objects.filter(mini_program__in=scope.programs, number__startswith=words)
    return [
        Hit(row.number, row.get_absolute_url(), f"{row.mini_program} {row.version}", "clipboard-check")
        for row in rows.select_related("mini_program", "version")[:limit]
    ]


def _applications(scope: Scope, words: str, limit: int) -> list[Hit]:
    rows = HostApplication.objects.visible_to(scope.user)
    found = (rows.matching(words) | rows.filter(pk__in=by_sound(rows, words))).select_related("team")
    return [
        Hit(row.name, reverse("hosts:detail", args=[row.application_id]), str(row.team), thing=row)
        for row in found[:limit]
    ]


def _people(scope: Scope, words: str, limit: int) -> list[Hit]:
    if scope.user.is_staff:
        return _accounts(words, limit)
    rows = Membership.objects.filter(team__in=Team.objects.visible_to(scope.user))
    sounds = by_sound(rows, words, name="user__name")
    found = rows.filter(Q(user__name__icontains=words) | Q(user__email__icontains=words) | Q(pk__in=sounds))
    found = found.select_related("user", "team").order_by("user__name", "team__name")
    return [
        Hit(str(row.user), _team(row), listed([row.get_role_display(), row.team]), icon="user") for row in found[:limit]
    ]


def _accounts(words: str, limit: int) -> list[Hit]:
    """All accounts, for operators."""
    rows = User.objects.people().order_by("name", "email")
    sounds = by_sound(rows, words)
    found = rows.filter(Q(name__icontains=words) | Q(email__icontains=words) | Q(pk__in=sounds))
    return [Hit(str(row), reverse("platform:person", args=[row.pk]), row.email, icon="user") for row in found[:limit]]


def _teams(scope: Scope, words: str, limit: int) -> list[Hit]:
    """All teams, for operators; others have few, and they are in the menu."""
    if not scope.user.is_staff:
        return []
    rows = Team.objects.order_by("name")
    found = rows.filter(Q(name__icontains=words) | Q(pk__in=by_sound(rows, words)))
    return [Hit(row.name, reverse("platform:team", args=[row.pk]), icon="users") for row in found[:limit]]


def _team(member: Membership) -> str:
    return reverse("accounts:detail", args=[member.team_id])


def _apis(scope: Scope, words: str, limit: int) -> list[Hit]:
    rows = SensitiveApi.objects.filter(
        application__in=HostApplication.objects.visible_to(scope.user), name__icontains=words
    )
    return [
        Hit(row.name, reverse("hosts:apis", args=[row.application.application_id]), str(row.application), "lock")
        for row in rows.select_related("application").order_by("name", "application__name")[:limit]
    ]


def _hosts(scope: Scope, words: str, limit: int) -> list[Hit]:
    rows = ServerDomain.objects.filter(mini_program__in=scope.programs, host__icontains=words.lower())
    return [
        Hit(row.origin, reverse("devmgmt:domains", args=[row.mini_program.app_id]), str(row.mini_program), "world")
        for row in rows.select_related("mini_program").order_by("host", "mini_program__name")[:limit]
    ]


def _templates(scope: Scope, words: str, limit: int) -> list[Hit]:
    rows = MyTemplate.objects.filter(mini_program__in=scope.programs, deleted_at=None)
    found = rows.filter(Q(title__icontains=words) | Q(title_zh__icontains=words) | Q(template_id__startswith=words))
    return [
        Hit(row.title, reverse("messaging:templates", args=[row.mini_program.app_id]), str(row.mini_program), "message")
        for row in found.select_related("mini_program")[:limit]
    ]


def _queries(scope: Scope, words: str, limit: int) -> list[Hit]:
    rows = SavedQuery.objects.seen_by(scope.user).filter(mini_program__in=scope.programs)
    found = rows.filter(Q(name__icontains=words) | Q(pk__in=by_sound(rows, words)))
    return [
        Hit(row.name, f"{_logs(row.mini_program)}?{row.query}", str(row.mini_program), "bookmark")
        for row in found.select_related("mini_program")[:limit]
    ]


def _entries(scope: Scope, words: str, limit: int) -> list[Hit]:
    """Where the program's logs are searched for the words; nothing is asked of them here."""
    program = scope.program
    if not program:
        return []
    name, label = ("guid", _("Logs of device %(words)s")) if GUID.fullmatch(words) else ("filter", _("Logs: %(words)s"))
    query = urlencode({"time": "24h", name: words})
    context = "" if name == "guid" else _("filterMsg content, last 24 hours")
    return [Hit(label % {"words": words}, f"{_logs(program)}?{query}", context, "logs")]


def _logs(program: MiniProgram) -> str:
    return reverse("devmgmt:logs", args=[program.app_id])


Question = Callable[[Scope, str, int], list[Hit]]
OF_PROGRAMS: tuple[tuple[str | Promise, Question], ...] = (
    (gettext_lazy("Versions"), _versions),
    (gettext_lazy("Grayscale tasks"), _tasks),
    (gettext_lazy("Server domains"), _hosts),
    (gettext_lazy("Message templates"), _templates),
    (gettext_lazy("Audit records"), _audits),
    (gettext_lazy("Saved queries"), _queries),
)
OF_ONE: tuple[tuple[str | Promise, Question], ...] = ((gettext_lazy("Real-time logs"), _entries),)
GROUPS: tuple[tuple[str | Promise, Question], ...] = (
    (gettext_lazy("Mini programs"), _programs),
    *OF_PROGRAMS[:2],
    (gettext_lazy("Host apps"), _applications),
    (gettext_lazy("People"), _people),
    (gettext_lazy("Teams"), _teams),
    (gettext_lazy("APIs"), _apis),
    *OF_PROGRAMS[2:],
)
