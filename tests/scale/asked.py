"""What the console asks of the database: recorded while its own code runs on the demo's rows."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from console.api.device import changes, snapshot
from console.base.accounts.models import Team, User
from console.base.activity.models import ActivityEntry
from console.base.core.retention import KINDS, Place
from console.base.hosts.models import HostApplication
from console.celery import SCHEDULE, app
from grayscale.models import Claim, GrayscaleTask
from messaging.models import Message
from miniprograms.models import MiniProgram

Statements = dict[str, Any]  # SQL → the parameters that came with it first
ASKS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
# What would leave this machine, or send things.
NOT_RUN = {"messaging.deliver", "accounts.send_mail", "reviews.write_reports"}
# The statements inside of grayscale_look and grayscale_take, which ask for nothing else that is large (migration 0002).
PLACES = {
    "an enrolled device": "SELECT FROM grayscale_claim WHERE task_id = %(task)s AND guid = %(guid)s",
    "a free place": """
        SELECT shard, capacity - taken FROM grayscale_claimshard
        WHERE task_id = %(task)s AND open AND taken < capacity
        ORDER BY (shard + 7) %% 16 LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED""",
    "a new place": """
        INSERT INTO grayscale_claim
            (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)
        VALUES (%(task)s, %(guid)s, now(), 1, '9', 'ios', '17', '5g') ON CONFLICT DO NOTHING""",
}
PAGES = """
    mira    Home                      /
    mira    Notifications             /notifications/ /notifications/?show=unread
    mira    Activity                  /activity/ /activity/?q=bus /activity/?team={team} /activity/?person={user}
    mira    Activity of a program     /miniprograms/{program}/activity/ /miniprograms/{program}/activity/?kind=release
    mira    Activity of a team        /teams/{team}/activity/ /teams/{team}/activity/?person={user}
    mira    Activity of an app        /apps/{app}/activity/
    mira    Mini programs             /miniprograms/ /miniprograms/?q=bus /miniprograms/{program}/
    mira    Versions                  /versions/ {versions} {versions}all/
    mira    Audits and releases       {versions}audits/ {versions}releases/
    mira    Grayscale overview        /grayscale/ /grayscale/?state=delivering
    mira    Grayscale tasks           /miniprograms/{program}/grayscale/
    mira    Progress of a task        {grayscale}{task}/ {grayscale}{task}/live/
    mira    Explain                   /miniprograms/{program}/grayscale/explain/?guid={guid}
    mira    New task, estimate        /miniprograms/{program}/grayscale/new/
    mira    Messages                  /messages/ /miniprograms/{program}/messages/log/ {log}?state=failed {log}?q=a
    mira    A message                 /miniprograms/{program}/messages/log/{message}/
    mira    Templates                 /miniprograms/{program}/messages/templates/
    mira    Keys                      /keys/ /miniprograms/{program}/keys/
    mira    Development               /development/ /miniprograms/{program}/development/permissions/
    mira    Log volume                /miniprograms/{program}/development/logs/volume/
    mira    Offline packages          /offline-packages/ /miniprograms/{program}/offline/
    jun     Review inbox              /reviews/ /reviews/?show=all
    mira    Search                    /search/?q=bus
    mira    Security                  /account/security/ /account/security/log/
    root    Platform                  /platform/ /platform/status/ /platform/sizes/ /platform/teams/ /platform/people/
    root    Security log              /platform/security-log/ /platform/security-log/?q=mira
"""


@contextlib.contextmanager
def recorded() -> Iterator[Statements]:
    """Record the statements of this process."""
    found: Statements = {}

    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if isinstance(sql, str) and ASKS.match(sql) and not many and not _is_of_the_demo():
            found.setdefault(sql, params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield found


def _is_of_the_demo() -> bool:
    """Whether the demo itself asks, and not what it calls."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if "site-packages" not in file and "/contextlib" not in file:
            return "/console/local/" in file
        frame = frame.f_back  # type: ignore[assignment]
    return False


def all_statements() -> Iterator[tuple[str, str, Statements]]:
    """Yield groups, names and statements of everything; makes the demo first."""
    with recorded() as found:
        call_command("demo", password="a-password-of-nobody", verbosity=0)
    yield "Verbs", "Everything that the demo does: releases, reviews, tasks, messages, reports", found
    yield from _of_devices()
    yield from _of_pages()
    yield from _of_tasks()
    for kind in KINDS.values():
        days = kind.days or 365
        with recorded() as found:  # Half of the rows are due: a run that is far behind must find its way, too.
            list(kind.steps(timezone.now() + timedelta(days=days / 2), days, Place()))
            kind.oldest()
        yield "Retention", kind.name, found


def _of_devices() -> Iterator[tuple[str, str, Statements]]:
    task = GrayscaleTask.objects.order_by("pk").first()
    values = {"task": task.pk if task else 0, "guid": "0" * 32}
    for name, sql in PLACES.items():
        yield "Devices", f"Update check: {name}", {sql: values}
    for name, ask in (("Snapshot, all", snapshot.load), ("Snapshot, what changed", lambda: changes.since(_START))):
        with recorded() as found:
            ask()
        yield "Devices", name, found


_START = changes.Position(0)


def _of_pages() -> Iterator[tuple[str, str, Statements]]:
    names = _names()
    clients: dict[str, Client] = {}
    for who, email in (("mira", "mira@example.com"), ("jun", "jun@example.com"), ("root", "root@example.com")):
        clients[who] = Client(HTTP_HOST="localhost")
        clients[who].force_login(_person(email))
    for line in PAGES.strip().splitlines():
        who, name, rest = re.split(r"\s\s+", line.strip())
        addresses = [address.format(**names) for address in rest.split()]
        with recorded() as found:
            for address in addresses:
                status = clients[who].get(address).status_code
                if status != 200:
                    raise RuntimeError(f"{address} answered {status}")
        yield "Pages", name, found


def _person(email: str) -> User:
    found, _new = User.objects.get_or_create(email=email, defaults={"is_staff": True, "is_active": True})
    return found


def _names() -> dict[str, Any]:
    """Return one of each that the demo made."""
    claim = Claim.objects.select_related("task__mini_program").first()
    message = Message.objects.filter(mini_program=claim.task.mini_program).first() or Message.objects.first()
    if claim is None or message is None:
        raise RuntimeError("The demo has no place and no message.")
    program: MiniProgram = claim.task.mini_program
    return {
        "program": program.app_id,
        "task": claim.task_id,
        "guid": claim.guid,
        "message": message.pk,
        "log": f"/miniprograms/{program.app_id}/messages/log/",
        "versions": f"/miniprograms/{program.app_id}/versions/",
        "grayscale": f"/miniprograms/{program.app_id}/grayscale/",
        "team": Team.objects.get(pk=program.team_id).pk,
        "user": User.objects.get(email="mira@example.com").pk,
        "app": HostApplication.objects.filter(team=program.team_id)[0].application_id,
        "entry": ActivityEntry.objects.latest("pk").pk,
    }


def _of_tasks() -> Iterator[tuple[str, str, Statements]]:
    app.loader.import_default_modules()
    for name in SCHEDULE:
        if name in NOT_RUN or name == "activity.keep_retention":
            continue
        with recorded() as found:
            app.tasks[name].run()
        yield "Sweeps", name, found
