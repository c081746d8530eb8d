"""A backup under write load, restored elsewhere: what was answered before it is there, and every invariant holds.

What happens while it is written may be in it or not, but never half.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import time
from collections import Counter
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from console.api.device.client import Client
from messaging import stub as gateways
from messaging.stub import Stub
from tests.chaos import installation
from tests.chaos.checks import Checks, until
from tests.chaos.devices import UPDATE, Clients, update_of
from tests.chaos.installation import Installation
from tests.chaos.ledger import DONE, UNKNOWN, Ledger, ask
from tests.chaos.matrix import START_SECONDS, Outcome, Plan, Run, seed
from tests.chaos.meters import Arrivals
from tests.chaos.people import Team
from tests.chaos.stubs import mail_server
from tests.chaos.world import World
from tests.processes import START_SECONDS as ANSWER_SECONDS
from tests.processes import listens

ENOUGH = {"upload": 6, "publish": 2, "approve": 2}  # changes that are done before the backup


def test_a_backup_under_load_restored_elsewhere_keeps_what_was_answered_before(tmp_path):
    folder = tmp_path / "backups"
    with mail_server() as mail, gateways.serving() as stub, installation.running(mail.port) as one:
        ledger = Ledger()
        facts = seed(one, stub.url)
        stub.webhooks = [Webhook(secret) for secret in facts["secrets"]]
        # The factories give every program this icon.
        icon = one.base / "media/icons/none.webp"
        icon.parent.mkdir(parents=True)
        icon.write_bytes(b"icon")
        run = run_of(one, ledger, facts, stub, mail)
        with installation.served(one), run.load():
            assert until(lambda: is_enough(ledger), seconds=START_SECONDS), Counter(c[:3] for c in ledger.changes)
            before, seen = copy_of(ledger), set(stub.seen)
            one.manage("backup", str(folder))
            after = copy_of(ledger)
        assert len(after.logs) > len(before.logs), "nothing was written meanwhile"
        (made,) = folder.glob("console-*")
        with installation.running(mail.port, restored=one) as two:
            assert "0 faulty; 0 files belong to no package" in two.manage("restore", str(made))
            with installation.served(two):
                # Its beat and workers may show signs of life before this one listens.
                assert until(lambda: listens(two.runtime), seconds=START_SECONDS)
                known = Stub([])
                merged = told_before(before, after)
                second = run_of(two, merged, facts, stub, mail)
                second.settle()
                kept = {f"msg_{pk}" for (pk,) in two.rows("SELECT id FROM messaging_message")}
                known.seen = Counter({key: n for key, n in stub.seen.items() if key in seen or key in kept})
                assert second.outcome.violations == []
                assert Checks(two, merged, known, mail).in_the_end() == []
                assert list(served_packages(two, facts)) == [facts["steady"]["app_id"]] + [
                    team["app_id"] for team in facts["teams"]
                ]


def run_of(one: Installation, ledger: Ledger, facts: dict, stub: Stub, mail) -> Run:
    """The load's parts, without any fault."""
    clients = Clients(one, ledger, facts, 1)
    teams = [Team(one, ledger, team, 1) for team in facts["teams"]]
    world = World(one, clients, teams, facts, stub, Arrivals(stub, clients), mail, clients.dice, 0.0)
    return Run(Plan(hurry=True), world, Checks(one, ledger, stub, mail), Outcome(), time.monotonic())


def is_enough(ledger: Ledger) -> bool:
    done = Counter(change.kind for change in list(ledger.changes) if change.outcome == DONE)
    sent = sum(outcome == DONE for outcome, _msgid in list(ledger.messages.values()))
    return all(done[kind] >= count for kind, count in ENOUGH.items()) and sent > 10 and len(ledger.placed) > 1


def copy_of(ledger: Ledger) -> Ledger:
    """What it says at this moment; threads of the load go on writing into it."""
    return Ledger(
        list(ledger.changes),
        dict(ledger.logs),
        dict(ledger.consents),
        dict(ledger.messages),
        {task: set(guids) for task, guids in list(ledger.placed.items())},
        set(ledger.relapsed),
    )


def told_before(before: Ledger, after: Ledger) -> Ledger:
    """What was answered before the backup is certain; what was asked or answered later may be in it or not."""
    merged = copy.copy(before)
    merged.changes = before.changes + [c._replace(outcome=UNKNOWN) for c in after.changes[len(before.changes) :]]
    merged.logs = dict.fromkeys(after.logs, UNKNOWN) | before.logs
    merged.consents = dict.fromkeys(after.consents, UNKNOWN) | before.consents
    merged.messages = dict.fromkeys(after.messages, (UNKNOWN, 0)) | before.messages
    return merged


def served_packages(two: Installation, facts: dict):
    """Yield the programs whose online package is served, whole and signed by a key that devices knew before."""
    keys = {
        key: base64.b64decode(public) for key, public in two.rows("SELECT key_id, public_key FROM hosts_signingkey")
    }
    client = Client("", "", "", keys)
    header = {"Authorization": facts["authorization"]}
    for program in (facts["steady"], *facts["teams"]):
        clients = Clients(two, Ledger(), facts, 1)
        answer = clients.post(UPDATE, update_of(program["app_id"], f"0302{9:028}"), timeout=ANSWER_SECONDS).json
        client.verify(program["app_id"], answer["version"], answer["package"])
        reply = ask(two.runtime, "GET", urlsplit(answer["package"]["url"]).path, timeout=ANSWER_SECONDS, **header)
        if hashlib.sha256(reply.body).hexdigest() == answer["package"]["sha256"]:
            yield program["app_id"]
