"""The demo's keys and messages: whose server may send what to whom, and what became of it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F, Max
from django.utils import timezone

from console.base.accounts.models import User
from console.base.accounts.permissions import TeamRole
from console.base.hosts.actions import sealed
from console.base.hosts.models import HostApplication
from console.base.hosts.states import Overlap
from devmgmt.keys import actions as keys
from devmgmt.keys.states import TokenKind
from devmgmt.keys.tokens import Caller, issue
from messaging import consents, sending
from messaging.actions.gateways import ban, set_gateway
from messaging.actions.templates import add_template
from messaging.models import Ban, Gateway, Message, MyTemplate, PublicTemplate
from messaging.states import Answer, MessageState
from miniprograms.models import MiniProgram

DAYS = 14
FIRST, STABLE = "/cgi-bin/token", "/cgi-bin/stable_token"

# What is done with AppSecrets: hours ago, what, why; a use says its interface and address.
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
# Of the public library: hours ago, number, keywords in their order, where it is used.
TEMPLATES: dict[str, tuple[tuple[float, int, tuple[int, ...], str], ...]] = {
    "City Bus": (
        (24 * 31, 1023, (1, 2, 3, 4, 6), "When a saved line is disturbed."),
        (24 * 30, 1022, (1, 2, 3), "Ten minutes before a saved trip."),
        (24 * 25, 1015, (1, 2, 3), "After a ticket was bought."),
    ),
    "Clinic Booking": ((24 * 26, 1042, (1, 2, 4, 6), "The day before an appointment, and two hours before."),),
    "Flower Market": (
        (24 * 17, 1001, (1, 2, 3), "When the courier has it."),
        (24 * 17, 1006, (1, 2, 3), "When it can be picked up."),
    ),
}
FAILED = "The gateway responded with 503"

Move = Callable[..., object]  # takes the moment as `at`


class Messages:
    """Keys, gateways and templates as moves among the programs' others, and in the end what was sent.

    `secrets` has the secret of each program and application that counts in the end, by name.
    """

    def __init__(self, programs: dict[str, MiniProgram], applications: dict[str, HostApplication]) -> None:
        self.programs = programs
        self.applications = applications
        self.secrets: dict[str, str] = {}
        self._made: dict[str, keys.Made] = {}

    def moves(self, administrators: dict[str, User]) -> list[tuple[float, Move]]:
        """Return (hours before now, what is done then)."""
        found: list[tuple[float, Move]] = []
        for name, by in administrators.items():
            found.append((24 * 33, partial(self._open_gateway, name, by)))
        for name, secrets in SECRETS.items():
            found += [(hours, partial(self._keep_secret, name, move, words)) for hours, move, words in secrets]
        for name, templates in TEMPLATES.items():
            for hours, number, numbers, note in templates:
                found.append((hours, partial(self._add_template, name, number, numbers, note)))
        return [*found, (20, partial(self._ban, "Flower Market", administrators))]

    def _open_gateway(self, name: str, by: User, *, at: datetime) -> None:
        application = self.applications[name]
        self.secrets[name] = sealed.generate_server_secret(application, by=by, at=at)
        set_gateway(application, url=f"http://127.0.0.1:{gateway_port()}/good", revision=0, by=by, at=at)

    def _keep_secret(self, name: str, move: str, words: str, *, at: datetime) -> None:
        program = self.programs[name]
        by = program.team.memberships.get(role=TeamRole.ADMIN).user
        if move == "generate":
            self._made[name] = keys.generate(program, by=by, reason=words, at=at)
        elif move == "freeze":
            keys.freeze(program, by=by, reason=words, at=at)
        elif move == "unfreeze":
            keys.unfreeze(program, by=by, reason=words, at=at)
        elif move in ("reset", "rotate"):
            overlap, seen = Overlap.DAY if move == "rotate" else Overlap.NONE, self._made[name].row.pk
            self._made[name] = keys.reset(program, seen=seen, overlap=overlap, reason=words, by=by, at=at)
        else:
            kind = TokenKind.STABLE if move == STABLE else TokenKind.PLAIN
            issue(program.app_id, self._made[name].secret, kind=kind, caller=Caller(words, move), at=at)
        self.secrets[name] = self._made[name].secret

    def _add_template(self, name: str, number: int, numbers: tuple[int, ...], note: str, *, at: datetime) -> None:
        program = self.programs[name]
        developer = program.team.memberships.filter(role=TeamRole.DEVELOPER).select_related("user").first()
        by = developer.user if developer else program.created_by
        public = PublicTemplate.objects.get(number=number)
        add_template(program, public_template=public, numbers=numbers, note=note, by=by, at=at)

    def _ban(self, name: str, administrators: dict[str, User], *, at: datetime) -> None:
        """An application has had enough of one template."""
        program = self.programs[name]
        application = program.bindings.bound().applications()[0]
        by, reason = administrators[application.name], "Users complain about messages they do not expect."
        ban(application, program=program, template=program.templates.first(), reason=reason, by=by, at=at)

    def send(self) -> None:
        """Some users a day agree and get a message."""
        dice = random.Random(7)  # noqa: S311 - demo data, not a secret
        for name in TEMPLATES:
            for template in self.programs[name].templates.select_related("mini_program"):
                _send(template, dice)
        _settle(timezone.now())


def gateway_port() -> int:
    """Return where the demo's gateway listens: beside the console."""
    return int(os.environ.get("PORT") or 8000) + 1


def _send(template: MyTemplate, dice: random.Random) -> None:
    program, now = template.mini_program, timezone.now()
    banned = [each.application_id for each in Ban.objects.filter(template=template)]
    bindings = list(program.bindings.bound().select_related("mini_program", "application"))
    data = {keyword["key"]: keyword["example"] for keyword in template.keywords}
    for day in range(DAYS, -1, -1):
        for number in range(dice.randint(1, 4)):
            at = now - timedelta(days=day, seconds=dice.randint(120, 36_000))
            binding, account = dice.choice(bindings), f"account-{dice.randint(1, 400):04}"
            if binding.application_id in banned:
                continue
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
    for gateway in Gateway.objects.all():
        tried = Message.objects.filter(application=gateway.application)
        for state, column in ((MessageState.DELIVERED, "last_success_at"), (MessageState.FAILED, "last_failure_at")):
            setattr(gateway, column, tried.filter(state=state).aggregate(last=Max("finished_at"))["last"])
        gateway.last_failure = FAILED if gateway.last_failure_at else ""
        gateway.save()
