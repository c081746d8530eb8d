"""What the API would answer to a message, and why: for the sandbox, which sends nothing (M-8)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from console.base.core.errors import ServerRefused
from console.base.core.text import listed, visible
from messaging.models import MyTemplate
from messaging.sending import Sending, refusals
from messaging.states import LANGUAGES, PUSHES_PER_DAY, ProgramState
from messaging.values import problems
from miniprograms.models import MiniProgram

ABOUT_USER = {40003, 43101, 43107, 43116, 45009, 48001}
NAMED = re.compile(r"argument invalid! (?:data\.(?P<key>.*)\.value|(?P<name>\w+)) invalid", re.DOTALL)


class Problem(NamedTuple):
    """One reason why the API would refuse: its code, which field it is about ("" for none), and why in words."""

    errcode: int
    field: str
    why: str


def explain(program: MiniProgram, sending: Sending, template: MyTemplate | None) -> list[Problem]:
    """Return all that speaks against the message, what the API would answer first; [] when it would be accepted.

    `template` is the one that the message names, if it is the program's.
    """
    wrong = problems(template.keywords, sending.data) if template else {}
    return [_problem(program, sending, refused, wrong) for refused in refusals(program, sending)]


def _problem(program: MiniProgram, sending: Sending, refused: ServerRefused, wrong: dict[str, str]) -> Problem:
    code = refused.errcode
    if code == 47003 and (match := NAMED.match(refused.detail)):
        if (key := match["key"]) is not None:
            why = wrong.get(key, refused.detail)
            return Problem(code, key, why if key in wrong else visible(why))
        return Problem(code, match["name"], _not_known(match["name"]))
    if code == 41030:
        return Problem(code, "page", _no_page(sending.program_state))
    if code == 40037:
        return Problem(code, "template_id", _("This template doesn’t belong to the mini program."))
    if code == 48001 and not program.on_shelf:
        return Problem(code, "", _("The mini program is off the shelf."))
    return Problem(code, "touser" if code in ABOUT_USER else "", _words(refused))


def _words(refused: ServerRefused) -> str:
    words: dict[int, Any] = {
        40003: _("No user of this mini program has this openid."),
        43101: _("The user has no consent left for this template: it was never given, or it is used up."),
        43107: _("The user’s host app has stopped messages of this mini program."),
        43116: _("The user’s host app has stopped messages of this template."),
        45009: _("This user already got %(most)d messages of this template today, the daily limit.")
        % {"most": PUSHES_PER_DAY},
        48001: _("The user’s host app isn’t bound, or has no message gateway."),
    }
    if refused.errcode == 43101 and refused.detail:
        return _("The user has turned off the messages of this mini program.")
    return str(words.get(refused.errcode, visible(refused.detail)))


def _no_page(program_state: str) -> str:
    if program_state == ProgramState.FORMAL:
        return _("The online version has no such page.")
    return _("The newest uploaded version has no such page.")


def _not_known(name: str) -> str:
    known = LANGUAGES if name == "lang" else ProgramState.values
    return _("Allowed values: %(values)s") % {"values": listed(known)}
