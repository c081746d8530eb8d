"""Pages of a program or application that is named with them: “city bus logs” leads there from any page."""

from __future__ import annotations

from collections.abc import Iterator

from console.base.accounts.access import held_by_team
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.hosts.models import HostApplication
from console.home.search import ACTIONS, Hit, actions, by_sound, fits
from console.sections import APPLICATION, MINI_PROGRAM, resolve
from miniprograms.models import MiniProgram

MOST_WORDS = 6  # each place between two of them costs a query for programs and one for applications
MOST_NAMED = 3  # programs and applications whose pages are shown


def pages_of_named(user: User, words: str) -> list[Hit]:
    """Return pages and actions for “<name> <page>”, wherever the words can be split so; what the user may see.

    The database is asked only for a split whose second part fits a page: few of what people type do.
    """
    parts = words.split()[:MOST_WORDS]
    found: list[Hit] = []
    for cut in range(1, len(parts)):
        name, page = " ".join(parts[:cut]), " ".join(parts[cut:])
        if any(fits(label, page) for label in _labels_of_programs()):
            found += _of_programs(user, name, page)
        if any(fits(str(label), page) for label, _icon, _url in APPLICATION):
            found += _of_applications(user, name, page)
    return found


def _labels_of_programs() -> Iterator[str]:
    yield from (str(label) for _permission, label, _url, _icon in ACTIONS)
    for section in MINI_PROGRAM:
        yield from (str(section.inside or section.label), *(str(below) for below, _url in section.pages))


def _of_programs(user: User, name: str, page: str) -> Iterator[Hit]:
    rows, held = MiniProgram.objects.visible_to(user), held_by_team(user)
    named = rows.matching(name) | rows.filter(pk__in=by_sound(rows, name))
    for program in named.select_related("team")[:MOST_NAMED]:
        program.held = held.get(program.team_id, frozenset())
        for hit in actions(program, page, creates=False):
            yield Hit(f"{program} · {hit.label}", hit.url, str(program.team), hit.icon)
        for section in MINI_PROGRAM:
            if section.permission is Permission.VIEW or section.permission in program.held:
                label = str(section.inside or section.label)
                below = [(str(below), resolve(url, program.app_id)) for below, url in section.pages]
                for each, url in [(label, section.url_for(program.app_id)), *below]:
                    if fits(each, page):
                        yield Hit(f"{program} · {each}", url, str(program.team), section.icon)


def _of_applications(user: User, name: str, page: str) -> Iterator[Hit]:
    rows = HostApplication.objects.visible_to(user)
    named = rows.matching(name) | rows.filter(pk__in=by_sound(rows, name))
    for application in named.select_related("team")[:MOST_NAMED]:
        for label, icon, url in APPLICATION:
            if fits(str(label), page):
                address = resolve(url, application.application_id)
                yield Hit(f"{application} · {label}", address, str(application.team), icon)
