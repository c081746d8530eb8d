"""The demo's keys and messages: whose server may send what to whom, and what became of it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from console.accounts.models import User
from console.accounts.permissions import TeamRole
from console.hosts import actions as hosts
from console.hosts.models import HostApplication
from console.hosts.states import Overlap
from devmgmt.keys import actions as keys
from devmgmt.keys.states import TokenKind
from devmgmt.keys.tokens import Caller, issue
from messaging import consents, sending
from messaging.actions.gateways import ban, set_gateway
from messaging.actions.templates import add_template
from messaging.models import Message, MyTemplate, PublicTemplate
from messaging.states import Answer, MessageState
from miniprograms.models import MiniProgram

DAYS = 14
Past = Callable[[float], AbstractContextManager[None]]
FIRST, STABLE = "/cgi-bin/token", "/cgi-bin/stable_token"

# Hours ago, what, why; a use says its interface and address.
SECRETS: dict[str, tuple[tuple[float, str, str], ...]] = {
    "City Bus": (
        (24 * 32, "generate", "First server"),
        (24 * 16, FIRST, "203.0.113.40"),
        (24 * 15, "freeze", "Secret seen in a public log"),
        (24 * 15 - 0.1, "reset", "Secret seen in a public log"),
        (24 * 15 - 1.5, "unfreeze", "New server deployed"),
        (24 * 2, STABLE, "203.0.113.41"),
        (3.9, "rotate", "Yearly rotation"),
        (2, STABLE, "203.0.113.41"),
        (0.07, STABLE, "203.0.113.42"),
    ),
    "Clinic Booking": ((24 * 30, "generate", ""), (1, FIRST, "198.51.100.7")),
    "Flower Market": ((24 * 20, "generate", ""), (24 * 3, FIRST, "192.0.2.12"), (5, "freeze", "The shop moves house")),
}
# Of the public library: number, keywords in their order, where it is used.
TEMPLATES: dict[str, tuple[tuple[int, tuple[int, ...], str], ...]] = {
    "City Bus": (
        (1023, (1, 2, 3, 4, 6), "When a saved line is disturbed."),
        (1022, (1, 2, 3), "Ten minutes before a saved trip."),
        (1015, (1, 2, 3), "After a ticket was bought."),
    ),
    "Clinic Booking": ((1042, (1, 2, 4, 6), "The day before an appointment, and two hours before."),),
    "Flower Market": ((1001, (1, 2, 3), "When the courier has it."), (1006, (1, 2, 3), "When it can be picked up.")),
}
FAILED = "The gateway answered 503"


def write_messages(
    programs: dict[str, MiniProgram],
    applications: dict[str, HostApplication],
    administrators: dict[str, User],
    past: Past,
) -> dict[str, str]:
    """Make gateways, secrets, templates, consents and messages; return each program's and application's secret by name.

    `past(hours)` sets the verbs' clock.
    """
    secrets: dict[str, str] = {}
    with past(24 * 33):
        for name, application in applications.items():
            by, url = administrators[name], f"http://127.0.0.1:{gateway_port()}/good"
            secrets[name] = hosts.generate_server_secret(application, by=by)
            set_gateway(application, url=url, revision=0, by=by)
    for name, moves in SECRETS.items():
        secrets[name] = _keep_secret(programs[name], moves, past)
    with past(24 * (DAYS + 2)):
        made = [template for name in TEMPLATES for template in _templates(programs[name])]
    dice = random.Random(7)  # noqa: S311 - a story, not a secret
    for template in made:
        _send(template, dice)
    _settle(timezone.now())
    _ban(programs["Flower Market"], administrators, past)
    return secrets


def gateway_port() -> int:
    """Return where the demo's gateway listens: beside the console."""
    return int(os.environ.get("PORT") or 8000) + 1


def _keep_secret(program: MiniProgram, moves: tuple[tuple[float, str, str], ...], past: Past) -> str:
    """Play the moves and uses of a program's secret; return the one that counts in the end."""
    by = program.team.memberships.get(role=TeamRole.ADMIN).user
    (hours, _generate, reason), *later = moves
    with past(hours):
        current = keys.generate(program, by=by, reason=reason)
    for hours, move, argument in later:
        with past(hours):
            if move == "freeze":
                keys.freeze(program, by=by, reason=argument)
            elif move == "unfreeze":
                keys.unfreeze(program, by=by, reason=argument)
            elif move in ("reset", "rotate"):
                overlap = Overlap.DAY if move == "rotate" else Overlap.NONE
                current = keys.reset(program, seen=current.row.pk, overlap=overlap, reason=argument, by=by)
            else:
                kind = TokenKind.STABLE if move == STABLE else TokenKind.PLAIN
                issue(program.app_id, current.secret, kind=kind, caller=Caller(argument, move))
    return current.secret


def _templates(program: MiniProgram) -> list[MyTemplate]:
    by = program.team.memberships.filter(role=TeamRole.DEVELOPER).first()
    found = PublicTemplate.objects.in_bulk([number for number, _, _ in TEMPLATES[program.name]], field_name="number")
    return [
        add_template(
            program, public_template=found[number], numbers=numbers, note=note, by=by.user if by else program.created_by
        )
        for number, numbers, note in TEMPLATES[program.name]
    ]


def _send(template: MyTemplate, dice: random.Random) -> None:
    """Some users a day agree and get a message."""
    program, now = template.mini_program, timezone.now()
    bindings = list(program.bindings.bound().select_related("mini_program", "application"))
    data = {keyword["key"]: keyword["example"] for keyword in template.keywords}
    for day in range(DAYS, -1, -1):
        for number in range(dice.randint(1, 4)):
            at = now - timedelta(days=day, minutes=dice.randint(2, 600))
            binding, account = dice.choice(bindings), f"account-{dice.randint(1, 400):04}"
            answers = [(template.template_id, Answer.ACCEPT)]
            request_id = f"{template.pk}-{day}-{number}"
            consents.answer(binding, account=account, request_id=request_id, tapped=True, answers=answers, at=at)
            user = program.users.get(application=binding.application, account=account)
            sent = sending.Sending(user.openid, template.template_id, data, page="pages/index/index", lang="en_US")
            sending.send(program, sent, at=at)


def _settle(now: datetime) -> None:
    """All were delivered but those of one bad evening; the last few are on their way."""
    sent = Message.objects.filter(state=MessageState.WAITING, accepted_at__lt=now - timedelta(hours=1))
    bad = now - timedelta(days=4)
    failed = sent.filter(accepted_at__gt=bad, accepted_at__lt=bad + timedelta(hours=20))
    failed.update(state=MessageState.FAILED, status=503, reason=FAILED, tries=9, finished_at=F("give_up_at"))
    sent.update(state=MessageState.DELIVERED, status=204, tries=1, finished_at=F("accepted_at") + timedelta(seconds=1))


def _ban(program: MiniProgram, administrators: dict[str, User], past: Past) -> None:
    """An application has had enough of one template."""
    binding = program.bindings.bound().select_related("application").first()
    template = program.templates.first()
    if binding and template:
        by, reason = administrators[binding.application.name], "Users complain about messages they do not expect."
        with past(20):
            ban(binding.application, program=program, template=template, reason=reason, by=by)
